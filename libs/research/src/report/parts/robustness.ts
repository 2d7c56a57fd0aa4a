import { shown } from '../format.ts'
import { chart, escape, section, table } from '../markup.ts'
import type { RobustnessSection, SectionChart } from '../sections.ts'

const VERDICTS: Readonly<Record<RobustnessSection['verdict'], string>> = {
  good: 'holds',
  doubtful: 'doubtful',
  bad: 'does not hold',
  unknown: 'cannot be said',
}
/** In the order in which doubts should be raised. */
const ORDER: readonly RobustnessSection['kind'][] = [
  'walkforward',
  'deflated-sharpe',
  'significance',
  'montecarlo',
  'plateau',
]
const ROWS_MAX = 500

export const ordered = (sections: readonly RobustnessSection[]): RobustnessSection[] =>
  sections.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))

/** One line for each study on the first page. */
export function verdicts(sections: readonly RobustnessSection[]): string {
  if (sections.length === 0) return ''
  const lines = ordered(sections).map(
    (one) =>
      `<li><a href="#study-${one.kind}"><span class="verdict ${one.verdict}">${VERDICTS[one.verdict]}</span><span><b>${escape(one.title)}</b> ${escape(one.summary)}</span></a></li>`,
  )
  return `<ul class="verdicts">${lines.join('')}</ul>`
}

export function robustness(sections: readonly RobustnessSection[]): string {
  return ordered(sections).map(study).join('\n')
}

function study(one: RobustnessSection, index: number): string {
  const figures = one.figures.map(
    (figure) =>
      `<div${figure.hint ? ` title="${escape(figure.hint)}"` : ''}><dt>${escape(figure.label)}</dt><dd>${escape(shown(figure.value, figure.format))}</dd></div>`,
  )
  const tables = one.tables.map(
    ({ title, columns, rows }) =>
      (title ? `<h3>${escape(title)}</h3>` : '') +
      table(
        columns.map(({ label, format }) => ({ label, right: format !== 'text' && format !== undefined })),
        rows.slice(0, ROWS_MAX).map((row) => row.map((cell, i) => shown(cell, columns[i]?.format ?? 'text'))),
        title ?? one.title,
      ),
  )
  const charts = one.charts.map((drawn, i) => sectionChart(drawn, `study:${index}:${i}`, one.title))
  const seed = one.seed === undefined ? '' : ` <span class="seed">seed ${one.seed}</span>`
  const body = `<p><span class="verdict ${one.verdict}">${VERDICTS[one.verdict]}</span> ${escape(one.summary)}${seed}</p>
<dl class="facts">${figures.join('')}</dl>${charts.join('')}${tables.join('')}`
  return section(`study-${one.kind}`, one.title, body)
}

function sectionChart(drawn: SectionChart, name: string, fallback: string): string {
  const title = drawn.title ? `<h3>${escape(drawn.title)}</h3>` : ''
  return title + (drawn.kind === 'heatmap' ? heatmap(drawn) : chart(name, drawn.title ?? fallback))
}

/** A score over two parameters as a table of colours; the chosen point has a frame. */
function heatmap({ x, y, xLabel, yLabel, values, chosen }: Extract<SectionChart, { kind: 'heatmap' }>): string {
  const all = values.flat().filter((one): one is number => one !== null)
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const cell = (value: number | null, row: number, column: number): string => {
    if (value === null) return '<td></td>'
    const share = high > low ? (value - low) / (high - low) : 0.5
    const own = chosen !== undefined && chosen.x === x[column] && chosen.y === y[row]
    return `<td class="num heat${own ? ' chosen' : ''}" style="--heat:var(--accent);--strength:${Math.round(6 + 60 * share)}%">${shown(value)}</td>`
  }
  const rows = values.map(
    (row, i) => `<tr><th scope="row">${escape(y[i])}</th>${row.map((value, k) => cell(value, i, k)).join('')}</tr>`,
  )
  const head = x.map((one) => `<th scope="col" class="num">${escape(one)}</th>`).join('')
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escape(xLabel)} and ${escape(yLabel)}"><table class="months">
<thead><tr><th scope="col">${escape(yLabel)} \\ ${escape(xLabel)}</th>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}
