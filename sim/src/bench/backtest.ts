import { spawnSync } from 'node:child_process'
import path from 'node:path'

/**
 * `npm run bench:backtest [rows] [repetitions]`: events per second of SMA cross through the public strategy API, as a part of
 * what a bare loop over the same columns does in the same process, by turns.
 */
const [rowsText = '10000000', repsText = '9'] = process.argv.slice(2)
const rows = Number(rowsText)
/** The cases that build a text per row, or many fills, take a part of them. */
const SMALL_ROWS_MAX = 1_000_000
const CASES: readonly [name: string, what: string, rows: number][] = [
  ['summary', 'trades, equity by day and totals', rows],
  ['all', 'decisions, orders, fills and equity of every bar', rows],
  ['gate', 'as all, and every order through the risk gate', rows],
  ['scaling', 'few fills against as many as there are bars', Math.min(rows, SMALL_ROWS_MAX)],
  ['live-tax', 'the same strategy fed with messages of the wire', Math.min(rows, SMALL_ROWS_MAX)],
]
const NOT_RUN = ['grademark 0.3.0', 'indicatorts 2.2.2', 'Debut', 'backtesting.py', 'NautilusTrader', 'LEAN']
let failed = false

for (const [name, what, count] of CASES) {
  const file = path.join(import.meta.dirname, 'backtest-case.ts')
  const child = spawnSync(process.execPath, [file, name, String(count), repsText], { encoding: 'utf8' })
  if (child.status !== 0) {
    failed = true
    console.log(`${name}: FAILED ${child.stderr.trim().split('\n').at(-1) ?? ''}`)
    continue
  }
  console.log(`${name}: ${what}`)
  console.log(`  ${child.stdout.trim()}`)
}
console.log(`not run: ${NOT_RUN.join(', ')} (not part of this installation)`)
if (failed) process.exitCode = 1
