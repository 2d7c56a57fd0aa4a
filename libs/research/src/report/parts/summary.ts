import type { RunRecord } from '../../run/types.ts'
import { dateText, duration, fixedText, money, percent, plain, shown } from '../format.ts'
import { escape, facts, toneOf } from '../markup.ts'
import { METRICS } from '../../metrics/catalogue.ts'
import type { MetricName } from '../../metrics/catalogue.ts'

/** Name, period, what it traded; a run that was stopped says so first. */
export function header(record: RunRecord): string {
  const { strategy, data, period, counts } = record
  const instruments = [...new Set(data.series.map((one) => one.instrument))].join(', ')
  const frames = [...new Set(data.series.flatMap((one) => one.timeframe ?? one.kind))].join(', ')
  const days = duration(period.lastUs - period.fromUs)
  const partial = record.complete
    ? ''
    : `<p class="banner">Stopped before the end: everything here is about the part that was run, up to ${dateText(period.lastUs - 1)}.</p>`
  return `<header><div><h1>${escape(strategy.name)}</h1>
<p class="sub">${escape(instruments)} · ${escape(frames)} · ${dateText(period.fromUs)} to ${dateText(period.lastUs - 1)} (${days}) · ${fixedText(counts.events, 0)} events</p></div>
<div class="tools"><button type="button" id="theme" aria-label="Switch between light and dark">◐ <span>Theme</span></button></div></header>${partial}`
}

const KEYS: readonly MetricName[] = [
  'totalReturn',
  'cagr',
  'sharpe',
  'sortino',
  'maxDrawdown',
  'calmar',
  'profitFactor',
  'winRate',
]

/** The figures that are asked for first, each with what it is by whose definition. */
export function keyFigures({ metrics, basis, counts, finalEquity, currency, cash }: RunRecord): string {
  const cards = KEYS.map((name) => {
    const { label, format, definition } = METRICS[name]
    const value = metrics[name]
    const tone = ['totalReturn', 'cagr', 'maxDrawdown'].includes(name) ? toneOf(value) : undefined
    const title = basis.redefined.includes(name) ? `as ${basis.convention} defines it` : definition
    return `<div class="key" title="${escape(title)}"><span>${escape(label)}</span>
<b class="${tone ?? ''}" data-metric="${name}" data-value="${value}">${shown(value, format)}</b></div>`
  })
  const ends = `${money(cash)} → <b>${money(finalEquity)}</b> ${escape(currency)} · <b>${fixedText(counts.trades, 0)}</b> trades`
  return `<div class="keys">${cards.join('')}</div><p class="ends">${ends}</p>`
}

const modelText: Readonly<Record<string, string>> = {
  bar: 'bar: next open; stop before target within a bar; a gap fills at the open',
  trade: 'trade: a limit fills when the price trades through it',
  book: 'book: walks the depth',
}

/** What was assumed where nobody can know, and what the data did not say: on the first page. */
export function assumptions(record: RunRecord): string {
  const { assumptions: on, cash, currency, basis, refused, counts } = record
  const { fees, slippage, latency, sizing } = on
  const feeText =
    fees.kind === 'instrument'
      ? `of the instrument: ${record.data.instruments.map((one) => `${one.makerFeeBps}/${one.takerFeeBps} bps`).join(', ')}`
      : `${fees.makerBps} bps maker, ${fees.takerBps} bps taker${fees.perOrder ? `, ${money(fees.perOrder)} an order` : ''}`
  const slipText =
    slippage.kind === 'none'
      ? 'none'
      : slippage.kind === 'bps'
        ? `${slippage.bps} bps`
        : `volume share x ${slippage.impact}`
  const lateText =
    latency.kind === 'fixed'
      ? latency.us === 0
        ? 'none'
        : duration(latency.us)
      : `lognormal, median ${duration(latency.medianUs)}, sigma ${latency.sigma}`
  const sizeText = {
    strategy: 'as the strategy asks',
    fraction: sizing.kind === 'fraction' ? `${percent(sizing.fraction, 0)} of equity` : '',
    notional: sizing.kind === 'notional' ? `${money(sizing.quote)} ${currency}` : '',
    quantity: sizing.kind === 'quantity' ? `${plain(sizing.base)} in base` : '',
  }[sizing.kind]
  const refusals = Object.entries(refused)
  return facts([
    ['Fills', modelText[on.fillModel] ?? on.fillModel],
    ['Fees', feeText],
    ['Slippage', slipText],
    ['Spread', on.spreadBps === 0 ? 'none beyond the data' : `${on.spreadBps} bps, half of it paid by each taker fill`],
    ['Latency', lateText],
    ['Sizing', sizeText],
    ['Start', `${money(cash)} ${currency}, leverage ${on.leverage}`],
    ['At the end', on.atEnd === 'mark' ? 'open positions are marked' : on.atEnd.replaceAll('_', ' ')],
    ['Funding', on.funding ? 'paid where the data has it' : 'left out'],
    [
      'Risk gate',
      on.riskGate
        ? `as live, ${on.accountLimits ? 'with the limits of the paper account' : 'size bounded by cash and leverage'}`
        : 'off',
    ],
    ['Metrics', `${basis.convention}, ${basis.periodsPerYear} days a year, risk-free ${percent(basis.riskFree)}`],
    ['Seed', String(on.seed)],
    [
      'Orders',
      Object.entries(record.orderStatuses)
        .map(([status, n]) => `${n} ${status}`)
        .join(', ') || 'none',
    ],
    ['Orders refused', refusals.length === 0 ? 'none' : refusals.map(([why, n]) => `${why} ${n}`).join(', ')],
    ['Liquidations', String(counts.liquidations)],
  ])
}

export function gaps({ gaps: found, counts, data }: RunRecord): string {
  const held = found.filter((one) => one.held !== 0)
  const judged = data.files.map(({ name, judgement }) => {
    const { duplicates, disorder, absurd } = judgement
    return `${name}: ${duplicates} duplicate, ${disorder} out of order, ${absurd} absurd rows`
  })
  const first =
    counts.gaps === 0
      ? 'No gap in the data.'
      : `${counts.gaps} gaps in the data, ${held.length} of them with a position held across.`
  const listed = found
    .toSorted((a, b) => b.toUs - b.fromUs - (a.toUs - a.fromUs))
    .slice(0, 5)
    .map(
      (one) =>
        `${one.instrument} ${dateText(one.fromUs)}: ${duration(one.toUs - one.fromUs)}${one.held ? ', held' : ''}`,
    )
  return [`<p>${escape(first)}</p>`, list(listed), list(judged), list(data.notes)].join('')
}
const list = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`
