import type { RunRecord } from '../run/types.ts'
import type { PageParts } from './bundle.ts'
import type { ReportData } from './data.ts'
import { chart, embedded, escape, section } from './markup.ts'
import { ordered, robustness, verdicts } from './parts/robustness.ts'
import { assumptions, gaps, header, keyFigures } from './parts/summary.ts'
import { costs, drawdowns, drawnTrades, groupTable, metrics, monthly, provenance, trades } from './parts/tables.ts'
import type { RobustnessSection } from './sections.ts'

/**
 * The tear sheet: one file that opens without a network and keeps its numbers. Limits of what it holds are in data.ts; with all of
 * them reached it stays below 1.5 MB.
 */
export function renderReport(
  record: RunRecord,
  data: ReportData,
  sections: readonly RobustnessSection[],
  parts: PageParts,
): string {
  const title = `${record.strategy.name} ${record.id}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escape(title)}</title><link rel="icon" href="data:,"><style>${parts.style}</style></head>
<body><main>${body(record, data, sections)}</main>
${embedded('run', record)}
${embedded('chart', data)}
${embedded(
  'studies',
  ordered(sections).map(({ charts }) => charts),
)}
<script type="module">${parts.script.replaceAll('</script', '<\\/script')}</script></body></html>
`
}

function body(record: RunRecord, data: ReportData, sections: readonly RobustnessSection[]): string {
  const { basis, counts } = record
  const named = `All by the convention <b>${escape(basis.convention)}</b>, ${basis.periodsPerYear} days a year, from ${basis.days} daily returns. A dash is undefined.`
  const few = data.bars.length
  return [
    header(record),
    keyFigures(record),
    section(
      'equity',
      'Equity',
      chart('equity', 'Equity over time', 'tall') + chart('drawdown', 'Drawdown over time', 'low'),
    ),
    `<div class="two">${section('assumptions', 'Assumptions', assumptions(record))}<div>${section('gaps', 'Data', gaps(record))}${
      sections.length > 0 ? section('verdicts', 'Does it hold?', verdicts(sections)) : ''
    }</div></div>`,
    section('months', 'Monthly returns', monthly(data), 'In percent.'),
    `<div class="two">${section('rolling', data.rolling.window > 0 ? `Rolling Sharpe, ${data.rolling.window} days` : 'Rolling Sharpe', rollingOr(data))}${section(
      'distribution',
      data.distribution.of === 'days' ? 'Daily returns' : 'Returns of trades',
      chart('distribution', 'How often each return came'),
    )}</div>`,
    section(
      'candles',
      'Trades',
      data.bars
        .map(
          (one, i) =>
            `${few > 1 ? `<h3>${escape(one.instrument)}</h3>` : ''}${chart(`bars:${i}`, `Prices and trades of ${one.instrument}`, 'tall')}`,
        )
        .join(''),
      [
        '▲ entry long, ▼ entry short, × exit, coloured by its result. Drag to zoom, double-click to go back.',
        drawnTrades(counts.trades),
      ].join(' '),
    ),
    section(
      'exposure',
      'Exposure',
      chart('exposure', 'Notional held as a share of equity', 'low'),
      'Notional held, as a share of equity.',
    ),
    `<div class="two">${section('costs', 'Costs', costs(record))}${section('drawdowns', 'Deepest drawdowns', drawdowns(data))}</div>`,
    section(
      'pnl-months',
      'Result by month',
      chart('months', 'Profit and loss of trades by month', 'low') +
        folded('All months', groupTable(data.pnlMonths, 'Month')),
    ),
    `<div class="two">${section('instruments', 'By instrument', groupTable(data.instruments, 'Instrument'))}${section(
      'ways',
      'By side and way out',
      groupTable([...data.sides, ...data.reasons], 'Side or exit'),
    )}</div>`,
    robustness(sections),
    section('metrics', 'All metrics', metrics(record), named),
    section('trades', 'List of trades', trades(data, counts.trades)),
    section('origin', 'Where it comes from', provenance(record)),
  ].join('\n')
}

const rollingOr = (data: ReportData): string =>
  data.rolling.window === 0
    ? '<p class="note">A run of fewer than 60 days has none.</p>'
    : chart('rolling', 'Sharpe ratio of the last days')

const folded = (label: string, html: string): string => `<details><summary>${escape(label)}</summary>${html}</details>`
