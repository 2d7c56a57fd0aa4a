import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { CASE_NAMES } from './backtest-case.ts'
import { tableOf, verdictWord } from './backtest-report.ts'
import type { CaseResult } from './backtest-report.ts'

/**
 * `npm run bench:backtest -- [--rows 10000000] [--reps 9] [--only NAME]... [--quick] [--json]`: a quant's day in figures, as
 * ratios to something that runs by turns with it in the same process. Needs no service. Targets: design/performance.md.
 */
const ROWS = 10_000_000
const ROWS_QUICK = 1_000_000
const REPS = 9
const REPS_QUICK = 3
const ROWS_MAX = 100_000_000
const REPS_MAX = 1_000

const { values } = flags()
const { quick, json } = values
const rows = count('--rows', values.rows, quick ? ROWS_QUICK : ROWS, 10_000, ROWS_MAX)
const reps = count('--reps', values.reps, quick ? REPS_QUICK : REPS, 1, REPS_MAX)
const names = (values.only ?? CASE_NAMES).flatMap((name) => name.split(','))
const unknown = names.find((name) => !CASE_NAMES.includes(name))
if (unknown !== undefined) end(`--only ${unknown}: there is no such case -> ${CASE_NAMES.join(', ')}`)

/** All that the cases write is in here. */
const scratch = mkdtempSync(path.join(tmpdir(), 'contrail-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
let running: ChildProcess | undefined
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => {
    // A case may have processes of its own: they are one group.
    if (running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL')
    process.exit(code)
  })

const say = (line: string): void => (json ? console.error(line) : console.log(line))
const results: CaseResult[] = []
const failed: string[] = []
const startedMs = performance.now()
say(
  `Node ${process.version}, ${availableParallelism()} cores, ${rows} candles, ${reps} repetitions by turns, one process a case`,
)
for (const name of names) {
  const result = await run(name)
  if (!result) continue
  results.push(result)
  const [before, after] = result.calibrationNs
  const machine = `bare loop of this machine ${before.toFixed(2)} -> ${after.toFixed(2)} ns`
  say(`\n${name}: ${result.seconds.toFixed(0)} s; ${machine}`)
  if (result.rows.length > 0) say(tableOf(result.rows))
  for (const { note } of result.rows) if (note) say(`  ${note}`)
  for (const line of result.notRun) say(`  not run: ${line}`)
}
const all = results.flatMap((result) => result.rows)
const minutes = (performance.now() - startedMs) / 60_000
if (json) console.log(JSON.stringify({ node: process.version, rows, reps, quick, minutes, results, failed }, null, 2))
else {
  const words = all.map(verdictWord)
  const of = (word: string) => words.filter((one) => one === word).length
  console.log(`\n${of('met')} met, ${of('missed')} missed, ${failed.length} failed, ${minutes.toFixed(1)} minutes`)
}
// A missed target is a figure; only what could not be measured, or was not the same result, is a failure.
if (failed.length > 0) process.exitCode = 1

/** Only its last line is the result; what it says on the way goes to whoever watches. */
async function run(name: string): Promise<CaseResult | undefined> {
  const file = path.join(import.meta.dirname, 'backtest-case.ts')
  const args = [file, name, String(rows), String(reps), ...(quick ? ['quick'] : [])]
  const env = { ...process.env, TMPDIR: scratch }
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env })
  running = child
  let [said, wrong] = ['', '']
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  child.stderr.on('data', (part: Buffer) => (wrong += part.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  running = undefined
  if (code === 0) return JSON.parse(said.trim().split('\n').at(-1)!) as CaseResult
  const line = /^(?:\w*Error|FATAL ERROR): .*$/m.exec(wrong)?.[0] ?? wrong.trim().split('\n').at(-1)
  failed.push(name)
  say(`\n${name}: FAILED ${line ?? `ended with ${code}`}`)
  return undefined
}

function flags() {
  try {
    return parseArgs({
      options: {
        rows: { type: 'string' },
        reps: { type: 'string' },
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return end((error as Error).message)
  }
}

function count(flag: string, given: string | undefined, usual: number, low: number, high: number): number {
  if (given === undefined) return usual
  const value = Number(given)
  if (!Number.isInteger(value) || value < low || value > high)
    end(`${flag} ${given}: not a count -> a whole number from ${low} to ${high}`)
  return value
}

function end(line: string): never {
  console.error(`bench:backtest: ${line}`)
  process.exit(2)
}
