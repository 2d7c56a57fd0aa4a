import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openStore } from '@contrail/data'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { measure, ratioOf } from './backtest-report.ts'
import type { BenchRow, Timed } from './backtest-report.ts'
import { INSTRUMENT, syntheticCandles } from './backtest-world.ts'
import { atMost } from './stats.ts'

const ROWS = 1_000_000
/** Of what takes seconds. */
const REPS_LONG = 3
const CLI = path.resolve(import.meta.dirname, '../../../apps/cli/bin/contrail.mjs')
const SERIES = ['--venue', 'sim', '--instrument', 'BTC-USDT', '--timeframe', '1m']
const RUN = ['backtest', 'sma-cross', ...SERIES, '--cash', '100000', '--set', 'quantity=0.001']
/** Target: design/performance.md, row 11. */
const TIMES = atMost(4)

/** Wall time of the command as a person types it, against a Node that does nothing. */
export async function coldStart({ reps, quick }: CaseOptions): Promise<Measured> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-bench-cli-'))
  try {
    await openStore(path.join(folder, 'data')).write(syntheticCandles(ROWS), INSTRUMENT, 'bench')
    const env = { ...process.env, CONTRAIL_HOME: folder, CONTRAIL_DATA_DIR: path.join(folder, 'data') }
    const node =
      (...args: readonly string[]) =>
      () =>
        run(args, env)
    const plain = node(CLI, ...RUN, '--no-robustness')
    const trades =
      (JSON.parse(node(CLI, ...RUN, '--no-report', '--no-robustness', '--json')()) as { trades?: unknown[] }).trades
        ?.length ?? 0
    if (trades === 0) throw new Error('the run made no trades')
    const nothing = node('-e', '0')
    const count = quick ? Math.min(reps, REPS_LONG) : reps
    const [bare, report, help] = measure([nothing, plain, node(CLI, '--help')], count) as [Timed, Timed, Timed]
    const [bareToo, robust] = measure([nothing, node(CLI, ...RUN)], Math.min(reps, REPS_LONG)) as [Timed, Timed]
    const row = (what: string, of: Timed, against: Timed, target?: BenchRow['target']): BenchRow => ({
      ...(target && { goal: 11, target }),
      what,
      unit: 'x',
      ...ratioOf(of, against),
      ours: msText(of),
      beside: msText(against),
    })
    return {
      rows: [
        {
          ...row('contrail backtest, 1 M bars, load + run + report, to node -e 0', report, bare, TIMES),
          note: `wall time, ${trades} trades, --no-robustness`,
        },
        row('the same with Monte Carlo, significance and deflated Sharpe', robust, bareToo),
        row('contrail --help', help, bare),
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const msText = ({ medianMs, minMs }: Timed): string => `${medianMs.toFixed(0)} ms, best ${minMs.toFixed(0)}`
/** The answer in JSON holds every trade. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024

function run(args: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    env,
    encoding: 'utf8',
    maxBuffer: ANSWER_BYTES_MAX,
  })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
  return stdout
}
