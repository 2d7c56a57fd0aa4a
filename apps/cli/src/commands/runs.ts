import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import type { RunRecord } from '@contrail/research'
import { numberOf } from '../lib/backtest-flags.ts'
import { home } from '../lib/home.ts'
import { printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'

type Args = { verb: string; run?: string | undefined; json?: boolean | undefined; limit: string; _: string[] }

const VERBS: Readonly<Record<string, (args: Args, directory: string) => Promise<void>>> = { list, show, compare, open }

export default command(
  'runs',
  'Backtest runs: contrail runs list | show RUN | compare RUN RUN | open RUN. A run is its id, the start of it, or last',
  {
    verb: { type: 'positional', description: Object.keys(VERBS).join(', '), required: true },
    run: { type: 'positional', description: 'Which; compare takes several', required: false },
    limit: { type: 'string', description: 'At most this many', default: '20' },
  },
  async (args) => {
    const verb = VERBS[args.verb]
    if (!verb) throw refuse('usage', 'verb', args.verb, `one of ${Object.keys(VERBS).join(', ')}`)
    const { runsDirectory } = await import('@contrail/research')
    await verb(args as Args, runsDirectory(home(), process.env))
  },
)

async function list({ json, limit }: Args, directory: string): Promise<void> {
  const { listRuns, showMetric } = await import('@contrail/research')
  const items = (await listRuns(directory)).slice(0, numberOf('--limit', limit, 1))
  if (json) return printJson({ items })
  printTable(
    items.map((run) => ({
      run: run.id,
      strategy: run.strategy.name,
      data: seriesOf(run),
      from: day(run.period.fromUs),
      to: day(run.period.lastUs - 1),
      return: showMetric(run.metrics.totalReturn, 'percent'),
      sharpe: showMetric(run.metrics.sharpe, 'ratio'),
      drawdown: showMetric(run.metrics.maxDrawdown, 'percent'),
      trades: run.counts.trades,
      whole: run.complete ? '' : 'partial',
    })),
    'no runs yet: contrail backtest sma-cross --data FILE',
  )
}

async function show({ run, json }: Args, directory: string): Promise<void> {
  const { readRun } = await import('@contrail/research')
  const { record, folder } = await readRun(directory, run ?? 'last')
  if (json) return printJson({ ...record, folder })
  const { printRun } = await import('../lib/run-summary.ts')
  printRun(record, folder)
}

/** What differs, and by how much: code, data and parameters first, then the figures. */
async function compare({ _: words, json }: Args, directory: string): Promise<void> {
  const { METRIC_NAMES, METRICS, readRun, showMetric } = await import('@contrail/research')
  const names = words.slice(1)
  if (names.length < 2) throw refuse('usage', 'run', names.join(' ') || 'nothing', 'contrail runs compare RUN RUN')
  const records = await Promise.all(names.map(async (name) => (await readRun(directory, name)).record))
  const origin = originRows(records)
  const metrics = METRIC_NAMES.filter((name) => new Set(records.map((one) => one.metrics[name])).size > 1)
  if (json) {
    const figures = metrics.map((name) => [name, records.map((one) => one.metrics[name])])
    return printJson({
      runs: records.map(({ id }) => id),
      differs: Object.fromEntries(origin),
      metrics: Object.fromEntries(figures),
      sameDecisions: new Set(records.map((one) => one.decisionsSha256)).size === 1,
    })
  }
  const row = (what: string, values: readonly string[]) =>
    Object.fromEntries([['', what], ...values.map((value, i) => [records[i]?.id ?? '', value])]) as Record<
      string,
      string
    >
  printTable(
    [
      ...origin.map(([what, values]) => row(what, values)),
      ...metrics.map((name) =>
        row(
          METRICS[name].label,
          records.map((one) => showMetric(one.metrics[name], METRICS[name].format)),
        ),
      ),
    ],
    'the runs are equal',
  )
}

function originRows(records: readonly RunRecord[]): [string, string[]][] {
  const parameters = [...new Set(records.flatMap((one) => Object.keys(one.strategy.parameters)))]
  const rows: [string, string[]][] = [
    ['code', records.map((one) => one.strategy.codeSha256.slice(0, 12))],
    ['data', records.map((one) => one.data.sha256.slice(0, 12))],
    ['decisions', records.map((one) => one.decisionsSha256.slice(0, 12))],
    ['convention', records.map((one) => one.basis.convention)],
    ['cash', records.map((one) => String(one.cash))],
    ...parameters.map((name): [string, string[]] => [
      name,
      records.map((one) => JSON.stringify(one.strategy.parameters[name] ?? null)),
    ]),
    ...Object.keys(records[0]?.assumptions ?? {}).map((name): [string, string[]] => [
      name,
      records.map((one) => JSON.stringify(one.assumptions[name as keyof RunRecord['assumptions']])),
    ]),
  ]
  return rows.filter(([, values]) => new Set(values).size > 1)
}

/** Opens the report in the browser of this machine, where there is one; says where it lies in any case. */
async function open({ run, json }: Args, directory: string): Promise<void> {
  const { readRun, renderRun } = await import('@contrail/research')
  const { record, folder } = await readRun(directory, run ?? 'last')
  const own = path.join(folder, 'report.html')
  const hasLater = existsSync(`${folder}.sections.json`)
  const file = existsSync(own) && !hasLater ? own : (await renderRun(directory, record.id)).file
  if (json) return printJson({ run: record.id, report: file })
  process.stdout.write(`${file}\n`)
  if (process.stdout.isTTY) openInBrowser(file)
}

export function openInBrowser(file: string): void {
  const [program, ...rest] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']
  const child = spawn(program as string, [...rest, file], { stdio: 'ignore', detached: true })
  // No browser here: the path has been printed.
  child.once('error', () => undefined)
  child.unref()
}

const day = (us: number): string => new Date(us / 1000).toISOString().slice(0, 10)
const seriesOf = ({ data }: RunRecord): string =>
  data.series.map((one) => `${one.instrument} ${one.timeframe ?? one.kind}`).join(', ')
