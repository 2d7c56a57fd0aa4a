import { METRIC_NAMES, metricFormat, METRICS } from '../../metrics/catalogue.ts'
import type { MetricEntry } from '../../metrics/catalogue.ts'
import type { RunRecord } from '../../run/types.ts'
import { TRADES_MAX } from '../data.ts'
import type { GroupRow, ReportData } from '../data.ts'
import { count, dateText, duration, fixedText, money, percent, plain, price, shown, timeText } from '../format.ts'
import { escape, table, toneOf } from '../markup.ts'
import type { Cell } from '../markup.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const num = (label: string) => ({ label, right: true })
const toned = (value: number, text: string): Cell => ({ text, tone: toneOf(value) })

/** Strength of the colour grows with the return; the number stands in the cell. */
export function monthly({ months }: ReportData): string {
  const years = [...new Set(months.map(({ year }) => year))]
  const reach = Math.max(0, ...months.map(({ value }) => Math.abs(value)))
  const most = reach || 1
  const places = reach === 0 || reach >= 0.005 ? 1 : reach >= 0.0005 ? 2 : 4
  const cell = (value: number | undefined): string => {
    if (value === undefined) return '<td></td>'
    const strength = Math.round(8 + 52 * Math.min(1, Math.abs(value) / most))
    const tone = value === 0 ? '' : ` style="--heat:var(--${value > 0 ? 'good' : 'bad'});--strength:${strength}%"`
    return `<td class="num heat"${tone}>${fixedText(value * 100, places)}</td>`
  }
  const rows = years.map((year) => {
    const own = months.filter((one) => one.year === year)
    const total = own.reduce((growth, one) => growth * (1 + one.value), 1) - 1
    const cells = MONTHS.map((_, i) => cell(own.find(({ month }) => month === i + 1)?.value))
    return `<tr><th scope="row">${year}</th>${cells.join('')}<td class="num ${toneOf(total) ?? ''}"><b>${fixedText(total * 100, places)}</b></td></tr>`
  })
  const head = ['', ...MONTHS, 'Year'].map((text) => `<th scope="col"${text ? ' class="num"' : ''}>${text}</th>`)
  return `<div class="scroll" tabindex="0" role="region" aria-label="Monthly returns"><table class="months">
<thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}

const GROUPS: Readonly<Record<MetricEntry['group'], string>> = {
  return: 'Return',
  risk: 'Risk',
  trades: 'Trades',
  activity: 'Activity',
  benchmark: 'Against buy and hold',
  odds: 'How sure',
}

export function metrics({ metrics: values, basis }: RunRecord): string {
  const groups = Object.entries(GROUPS).map(([group, title]) => {
    const rows = METRIC_NAMES.filter((name) => METRICS[name].group === group).map((name) => {
      const { label, definition } = METRICS[name]
      const text = basis.redefined.includes(name) ? `as ${basis.convention} defines it` : definition
      return `<tr><th scope="row">${escape(label)}<small>${escape(text)}</small></th>
<td class="num" data-metric="${name}" data-value="${values[name]}">${shown(values[name], metricFormat(name, basis.convention))}</td></tr>`
    })
    return `<div class="group"><h3>${title}</h3><table><tbody>${rows.join('\n')}</tbody></table></div>`
  })
  return `<div class="groups">${groups.join('')}</div>`
}

export function costs({ costs: paid, cash, metrics: values, currency }: RunRecord): string {
  const names = { fee: 'Fees', spread: 'Spread', slippage: 'Slippage', funding: 'Funding' } as const
  const total = paid.fee + paid.spread + paid.slippage - paid.funding
  const trades = values.tradeCount ?? 0
  const rows = (Object.keys(names) as (keyof typeof names)[]).map((name) => {
    const cost = name === 'funding' ? -paid[name] : paid[name]
    return [names[name], money(cost), percent(cost / cash), trades > 0 ? money(cost / trades) : '–']
  })
  rows.push(['All costs', money(total), percent(total / cash), trades > 0 ? money(total / trades) : '–'])
  return table([{ label: 'Cost' }, num(currency), num('Of start'), num('A trade')], rows, 'Costs')
}

export function groupTable(rows: readonly GroupRow[], label: string): string {
  return table(
    [{ label }, num('Trades'), num('Win rate'), num('P&L'), num('Fees'), num('Funding')],
    rows.map((one) => [
      one.name,
      count(one.trades),
      percent(one.wins / one.trades, 0),
      toned(one.pnl, money(one.pnl)),
      money(one.fees),
      money(one.funding),
    ]),
    label,
  )
}

export function drawdowns({ drawdowns: found }: ReportData): string {
  return table(
    [num('Depth'), { label: 'Peak' }, { label: 'Trough' }, { label: 'Recovered' }, num('Length')],
    found.map((one) => [
      { text: percent(one.depth), tone: 'bad' as const },
      timeText(one.peakUs),
      timeText(one.troughUs),
      one.recoveredUs === null ? 'not yet' : timeText(one.recoveredUs),
      duration(one.durationUs),
    ]),
    'Deepest drawdowns',
  )
}

const SHOWN_MAX = 300
export function trades({ trades: found }: ReportData, total: number): string {
  const rows = found
    .slice(0, SHOWN_MAX)
    .map((one): Cell[] => [
      timeText(one.entryTimeUs),
      timeText(one.exitTimeUs),
      one.instrument,
      one.side,
      plain(one.quantity),
      price(one.entryPrice),
      price(one.exitPrice),
      toned(one.pnl, money(one.pnl)),
      toned(one.returnRatio, percent(one.returnRatio)),
      money(one.fees),
      one.exitReason.replaceAll('_', ' '),
    ])
  const columns = [
    { label: 'Entry' },
    { label: 'Exit' },
    { label: 'Instrument' },
    { label: 'Side' },
    num('Quantity'),
    num('In'),
    num('Out'),
    num('P&L'),
    num('Return'),
    num('Fees'),
    { label: 'Left by' },
  ]
  const more =
    total > rows.length ? `<p class="note">The first ${rows.length} of ${total}; all are in trades.csv.</p>` : ''
  return more + table(columns, rows, 'Trades', 'long')
}
export const drawnTrades = (total: number): string =>
  total > TRADES_MAX ? `The first ${TRADES_MAX} of ${total} trades are drawn.` : ''

export function provenance(record: RunRecord): string {
  const { data, strategy } = record
  const rows: [string, string][] = [
    ['Run', `${record.id}, made ${record.createdAt.slice(0, 19).replace('T', ' ')} UTC`],
    ['Strategy', `${strategy.source}, code SHA-256 ${strategy.codeSha256}`],
    ['Parameters', JSON.stringify(strategy.parameters)],
    ['Data', `${data.label}, SHA-256 of the rows ${data.sha256}`],
    ...data.series.map((one): [string, string] => [
      'Series',
      `${one.venue} ${one.instrument} ${one.kind} ${one.timeframe ?? ''}, ${one.rows} rows, ${dateText(one.firstUs)} to ${dateText(one.lastUs)}`,
    ]),
    ['Decisions', `${record.counts.decisions}, SHA-256 of the log ${record.decisionsSha256}`],
    ['Books', `left over after all postings: ${record.residual}`],
    ['Speed', `${fixedText(record.timing.eventsPerSecond, 0)} events a second`],
  ]
  return `<dl class="origin">${rows.map(([name, text]) => `<dt>${escape(name)}</dt><dd>${escape(text)}</dd>`).join('')}</dl>`
}
