import { availableParallelism } from 'node:os'
import { calibrate } from './backtest-report.ts'
import type { BenchRow, CaseResult } from './backtest-report.ts'

/*
 * One case in a process of its own: `node backtest-case.ts <case> <rows> <repetitions>`; one line of JSON comes out.
 */
export type CaseOptions = { readonly rows: number; readonly reps: number; readonly quick: boolean }
export type Measured = { readonly rows: readonly BenchRow[]; readonly notRun?: readonly string[] }
type Case = (options: CaseOptions) => Measured | Promise<Measured>

/** Loaded one at a time: what a case does not use does not stand in its memory. */
const CASES: Readonly<Record<string, Case>> = {
  summary: async (options) => (await import('./backtest-engine.ts')).againstBare('summary', options),
  gate: async (options) => (await import('./backtest-engine.ts')).againstBare('gate', options),
  all: async (options) => (await import('./backtest-engine.ts')).againstBare('all', options),
  trades: async (options) => (await import('./backtest-trades.ts')).realTrades(options),
  fills: async (options) => (await import('./backtest-engine.ts')).fillScaling(options),
  live: async (options) => (await import('./backtest-live.ts')).liveTax(options),
  cli: async (options) => (await import('./backtest-cli.ts')).coldStart(options),
  grademark: async (options) => (await import('./backtest-peers.ts')).againstGrademark(options),
  indicatorts: async (options) => (await import('./backtest-peers.ts')).againstIndicatorts(options),
  several: async (options) => (await import('./backtest-several.ts')).severalStrategies(options),
  sweep: async (options) => (await import('./backtest-tables.ts')).sweep(options, availableParallelism()),
  data: async (options) => (await import('./backtest-tables.ts')).data(options),
  indicators: async (options) => (await import('./backtest-tables.ts')).indicators(options),
}
export const CASE_NAMES = Object.keys(CASES)

if (process.argv[1] === import.meta.filename) {
  const [name = '', rows = '1000000', reps = '9', mode] = process.argv.slice(2)
  const run = CASES[name]
  if (!run) throw new Error(`no case ${name}; there are ${CASE_NAMES.join(', ')}`)
  const startedMs = performance.now()
  const before = calibrate()
  const measured = await run({ rows: Number(rows), reps: Number(reps), quick: mode === 'quick' })
  const result: CaseResult = {
    name,
    rows: measured.rows,
    notRun: measured.notRun ?? [],
    calibrationNs: [before, calibrate()],
    seconds: (performance.now() - startedMs) / 1000,
  }
  console.log(JSON.stringify(result))
}
