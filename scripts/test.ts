import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { join } from 'node:path'
import { runChecks, type Ran } from './services/checks.ts'
import { killChildren } from './services/child.ts'
import { repository } from './services/debian.ts'
import {
  defaultNatsConfig,
  faultText,
  resolveNats,
  servicesEnv,
  startServices,
  stopOnSignal,
  temporaryHome,
  type Services,
} from './services/index.ts'
import { closingLine, countTests, type Counts } from './services/report.ts'

const say = (line: string): void => console.error(`contrail: ${line}`)
const running = new Set<ChildProcess>()
let interrupted = false

/** Format, lint, types, tidy and all tests beside real services; ends with the line that CI reads. */
export async function runTests(args: string[]): Promise<never> {
  const { home, remove } = await temporaryHome('test', say)
  process.on('exit', remove)
  const starting = startServices({
    home,
    natsConfig: defaultNatsConfig,
    postgresPassword: randomBytes(24).toString('base64url'),
    durable: false,
    say,
  })
  stopTogether(starting)
  const [checks, services] = await Promise.allSettled([runChecks(runAndKeep), starting])
  const failedChecks = checks.status === 'fulfilled' ? checks.value : ['checks']
  if (checks.status === 'rejected') console.error(faultText(checks.reason))
  let counts: Counts = { passed: 0, failed: 1, skipped: 0 }
  if (services.status === 'fulfilled') {
    counts = await runVitest(args, home, services.value)
    await services.value.stop()
  } else console.error(faultText(services.reason))
  // Half a result is none: the handler of the signal ends the process, without the line that CI reads.
  if (interrupted) await new Promise(() => {})
  if (failedChecks.length > 0) say(`failed checks: ${failedChecks.join(', ')}`)
  const failed = counts.failed + failedChecks.length
  // Removed before the last line, for whatever is said must be said before it.
  remove()
  console.log(closingLine({ ...counts, failed }))
  process.exit(failed === 0 ? 0 : 1)
}

function stopTogether(starting: Promise<Services>): void {
  const kill = (): void => {
    for (const child of running) child.kill('SIGKILL')
    killChildren()
  }
  stopOnSignal({
    kill,
    stop: async () => {
      interrupted = true
      for (const child of running) child.kill('SIGTERM')
      await starting.then((services) => services.stop()).catch(() => undefined)
      return 130
    },
  })
}

async function runVitest(args: readonly string[], home: string, services: Services): Promise<Counts> {
  const resultFile = join(home, 'vitest.json')
  const env = { ...servicesEnv(services), CONTRAIL_NATS_BINARY: (await resolveNats()).path }
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultFile}`]
  const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs')
  let death: string | undefined
  void services.died.then((sentence) => say((death = `${sentence} in the middle of the tests`)))
  const code = await ended(start(process.execPath, [vitest, 'run', ...reporters, ...args], env, 'inherit'))
  const counts = countTests(resultFile)
  // Errors outside of any test, or no result at all: vitest's word stands over the sum.
  const failed = Math.max(counts.failed, code === 0 && death === undefined ? 0 : 1)
  return { ...counts, failed }
}

async function runAndKeep(file: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const child = start(file, args, env, 'pipe')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      process.stdout.write(text)
    })
  }
  return { code: await ended(child), output }
}

function start(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  output: 'inherit' | 'pipe',
): ChildProcess {
  const stdio: StdioOptions = ['ignore', output, output]
  const child = spawn(file, args, { cwd: repository, env: { ...process.env, ...env }, stdio })
  running.add(child)
  return child
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    child.once('error', (error) => {
      say(`${child.spawnfile} cannot be run: ${error.message}`)
      done(1)
    })
    child.once('close', (code) => {
      running.delete(child)
      done(code ?? 1)
    })
  })
}
