import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { killChildren } from './services/child.ts'
import {
  defaultNatsConfig,
  resolveNats,
  servicesEnv,
  startServices,
  stopOnSignal,
  temporaryHome,
} from './services/index.ts'
import { recordOf, rememberChild } from './services/processes.ts'

const say = (line: string): void => console.error(`contrail: ${line}`)

/** Runs a program beside services of its own, which end with it and leave nothing. Exits with the program's code. */
export async function runFile([file = '', ...args]: string[]): Promise<never> {
  const { home, remove } = await temporaryHome('run', say)
  process.on('exit', remove)
  let program: ChildProcess | undefined
  const starting = startServices({
    home,
    natsConfig: defaultNatsConfig,
    postgresPassword: randomBytes(24).toString('base64url'),
    say,
  })
  const kill = (): void => {
    program?.kill('SIGKILL')
    killChildren()
  }
  stopOnSignal({
    kill,
    stop: async () => {
      const services = await starting.catch(() => undefined)
      if (program !== undefined) await ended(program, 'SIGINT')
      await services?.stop()
      return 130
    },
  })
  const services = await starting
  const env = { ...process.env, ...servicesEnv(services), CONTRAIL_NATS_BINARY: (await resolveNats()).path }
  // A process of its own: it may exit, crash or be the main module as it likes without taking the services' end away.
  // Detached, so that Ctrl-C reaches it once, from us.
  program = spawn(process.execPath, [resolve(file), ...args], { env, stdio: 'inherit', detached: true })
  if (program.pid !== undefined) {
    rememberChild(home, { ...recordOf(program.pid), name: 'program', stopSignal: 'SIGTERM' })
  }
  void services.died.then((sentence) => {
    say(`${sentence} -> see ${home}/logs`)
    program?.kill('SIGTERM')
  })
  const code = await ended(program)
  await services.stop()
  process.exit(code)
}

function ended(program: ChildProcess, signal?: NodeJS.Signals): Promise<number> {
  if (program.exitCode !== null) return Promise.resolve(program.exitCode)
  if (signal !== undefined) program.kill(signal)
  return new Promise((done) => {
    program.once('exit', (code, by) => done(code ?? 128 + (by === null ? 0 : constants.signals[by])))
  })
}
