import type { CheckReport, CheckStatus } from '@contrail/research'
import { refuse } from '@contrail/contracts'
import { dataArgs, ownDataOf } from '../lib/backtest-flags.ts'
import { strategyFile } from '../lib/files.ts'
import { parameters } from '../lib/parameters.ts'
import { printJson, printTable, styled } from '../lib/print.ts'
import { repeated } from '../lib/repeated.ts'
import { command } from '../lib/run.ts'

export default command(
  'check',
  'Look-ahead, determinism, restarts, types, NaN and cost of a strategy, on a seeded market or on --data, and without a service',
  {
    strategy: { type: 'positional', description: 'A file, a name in strategies/, or a built-in name', required: true },
    set: { type: 'string', description: 'Parameters: --set fast=5,slow=20' },
    ...dataArgs,
    rows: {
      type: 'string',
      description: 'Bars of the market it is run on, or last events of the data',
      default: '600',
    },
    seed: { type: 'string', description: 'Of that market', default: '7' },
  },
  async (args) => {
    const { strategy, rows, seed, json } = args
    const { checkStrategy, strategyFile: strategyPath } = await import('@contrail/research')
    const file = strategyFile(strategy) ?? strategyPath(strategy)
    const options = { rows: whole(rows, 'rows', 20_000), seed: whole(seed, 'seed', 2 ** 31) }
    const data = await ownDataOf(args)
    const set = parameters(repeated('set').join(','))
    const report = await checkStrategy(file, { parameters: set, ...options, ...(data && { data }) })
    if (json) printJson(report)
    else tell(report)
    process.exitCode = report.passed ? 0 : 1
  },
)

function whole(text: string, field: string, max: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > max)
    throw refuse('usage', `--${field}`, text, `give a whole number from 1 to ${max}`)
  return number
}

const COLOURS: Readonly<Record<CheckStatus, Parameters<typeof styled>[0]>> = {
  passed: 'green',
  failed: 'red',
  warning: 'yellow',
  skipped: 'dim',
}

function tell({ strategy, lines, passed, events, decisions }: CheckReport): void {
  printTable(
    lines.map(({ check, status, detail }) => ({ check, status: styled(COLOURS[status], status), detail })),
    'nothing was checked',
  )
  const word = passed ? styled('green', 'passed') : styled('red', 'failed')
  process.stdout.write(`\n${strategy}: ${word} on ${events} events and ${decisions} decisions\n`)
}
