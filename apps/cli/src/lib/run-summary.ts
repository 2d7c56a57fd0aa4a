import path from 'node:path'
import type { MetricName, RunRecord } from '@contrail/research'
import { metricFormat, METRICS, showMetric } from '@contrail/research/run'
import { printTable, styled } from './print.ts'

const ROWS: readonly (readonly [MetricName, MetricName])[] = [
  ['totalReturn', 'tradeCount'],
  ['cagr', 'winRate'],
  ['sharpe', 'profitFactor'],
  ['sortino', 'expectancy'],
  ['calmar', 'sqn'],
  ['maxDrawdown', 'averageTradeReturn'],
  ['maxDrawdownDurationUs', 'averageTradeDurationUs'],
  ['volatility', 'exposureTime'],
  ['benchmarkReturn', 'probabilisticSharpe'],
]
const day = (us: number): string => new Date(us / 1000).toISOString().slice(0, 10)

/** What one looks at first; everything is in run.json and in the report. */
export function printRun(record: RunRecord, folder: string | undefined): void {
  const out = (line = ''): void => void process.stdout.write(`${line}\n`)
  const { strategy, data, period, metrics, basis, counts, costs, currency } = record
  const series = data.series.map((one) => `${one.venue} ${one.instrument} ${one.timeframe ?? one.kind}`).join(', ')
  out(`${styled('bold', strategy.name)}  ${series}  ${day(period.fromUs)} to ${day(period.lastUs - 1)}`)
  if (!record.complete) out(styled('red', 'stopped before the end: the figures are of the part that was run'))
  const cash = showMetric(record.cash, 'money')
  out(`${cash} -> ${showMetric(record.finalEquity, 'money')} ${currency}`)
  out()
  printTable(
    ROWS.map(([left, right]) => ({
      metric: METRICS[left].label,
      value: showMetric(metrics[left], metricFormat(left, basis.convention)),
      ' ': '',
      'metric ': METRICS[right].label,
      'value ': showMetric(metrics[right], metricFormat(right, basis.convention)),
    })),
    '',
  )
  out()
  const { fee, spread, slippage, funding } = costs
  const cost = Object.entries({ fee, spread, slippage, funding }).map(
    ([name, value]) => `${name} ${showMetric(value, 'money')}`,
  )
  out(`metrics  ${basis.convention}, ${basis.periodsPerYear} days a year, ${basis.days} daily returns`)
  out(`costs    ${cost.join(', ')} ${currency}`)
  const ends = Object.entries(record.orderStatuses).map(([status, n]) => `${n} ${status}`)
  const orders = `${counts.orders} orders${ends.length > 0 ? ` (${ends.join(', ')})` : ''}`
  out(`run      ${counts.events} events, ${orders}, ${counts.gaps} gaps, ${speed(record)} events/s`)
  const refused = Object.entries(record.refused).map(([why, n]) => `${why} ${n}`)
  if (refused.length > 0) out(styled('yellow', `refused  ${refused.join(', ')}`))
  // Runs of before do not have it.
  const rejected = Object.entries(record.rejected ?? {}).map(([why, n]) => `${why} ${n}`)
  if (rejected.length > 0) out(styled('yellow', `rejected ${rejected.join(', ')}`))
  for (const why of Object.keys({ ...record.refused, ...record.rejected }))
    if (MENDS[why]) out(`         ${MENDS[why](record)}`)
  for (const { name, judgement } of data.files) {
    const left = Object.entries(judgement.refused).map(
      ([why, { count, firstLine }]) => `${why} ${count} (line ${firstLine})`,
    )
    if (left.length > 0)
      out(styled('yellow', `data     ${name}: of ${judgement.rows} rows left out: ${left.join(', ')}`))
  }
  for (const note of data.notes) out(`note     ${note}`)
  out(
    `hash     code ${strategy.codeSha256.slice(0, 12)}  data ${data.sha256.slice(0, 12)}  decisions ${record.decisionsSha256.slice(0, 12)}`,
  )
  if (folder !== undefined)
    out(`saved    ${path.relative(process.cwd(), folder) || folder}   (contrail runs open ${record.id})`)
}
const speed = ({ timing }: RunRecord): string => showMetric(timing.eventsPerSecond, 'count')

/** What to do about what is refused most often. */
const MENDS: Readonly<Record<string, (record: RunRecord) => string>> = {
  INSUFFICIENT_MARGIN: ({ assumptions }) =>
    `cash x leverage ${assumptions.leverage} does not carry it: smaller orders, --sizing all-in, more --cash or --leverage`,
  not_warm: ({ strategy, counts }) =>
    `it asks for ${strategy.lookback} bars of history before it may trade; the run had ${counts.events} events`,
  quantity_below_lot: ({ data }) => {
    const lots = data.instruments.map((one) => `${one.lotSize} ${one.base}`).join(', ')
    return `an order was smaller than one lot (${lots}): ask for more with --set or --sizing, or name the lot with --lot`
  },
}
