import type uPlot from 'uplot'
import type { RunRecord } from '../../run/types.ts'
import type { ReportData } from '../data.ts'
import { money, percent, plain, price, shown } from '../format.ts'
import type { SectionChart } from '../sections.ts'
import { drawCandles } from './candles.ts'
import { colour, drawBars, drawLines } from './charts.ts'

/* The script of the tear sheet. Tables are already there; this draws what is better seen, from the data in the page. */

const read = <T>(id: string): T => JSON.parse(document.getElementById(id)?.textContent ?? 'null') as T
const run = read<RunRecord>('run')
const data = read<ReportData>('chart')
const studies = read<SectionChart[][]>('studies')

const seconds = (us: readonly number[]): number[] => us.map((at) => at / 1e6)
const whole = (value: number): string => (Math.abs(value) >= 1000 ? short(value) : money(value))
/** 12,300 -> 12.3k: room on an axis. */
function short(value: number): string {
  const size = Math.abs(value)
  const [power, unit] = size >= 1e9 ? [1e9, 'b'] : size >= 1e6 ? [1e6, 'm'] : size >= 1e4 ? [1e3, 'k'] : [1, '']
  return power === 1 ? Math.round(value).toLocaleString('en-US') : `${Number((value / power).toPrecision(4))}${unit}`
}
const figure = (value: number): string => (Math.abs(value) >= 1000 ? short(value) : plain(value))
const share = (value: number): string =>
  percent(value, Math.abs(value) < 0.00995 ? 2 : Math.abs(value) < 0.0995 ? 1 : 0)

type Draw = (place: HTMLElement) => uPlot | undefined
const CHARTS: Readonly<Record<string, Draw>> = {
  equity: (place) =>
    drawLines(place, {
      x: seconds(data.curve.timeUs),
      isTime: true,
      key: 'run',
      lines: [
        {
          label: run.strategy.name,
          values: data.curve.equity,
          colour: colour('accent'),
          fill: true,
          width: 1.75,
          show: whole,
        },
        ...(data.curve.hold.some((one) => one !== null)
          ? [{ label: 'buy and hold', values: data.curve.hold, colour: colour('hold'), width: 1.25, show: whole }]
          : []),
      ],
    }),
  drawdown: (place) =>
    drawLines(place, {
      x: seconds(data.curve.timeUs),
      isTime: true,
      key: 'run',
      zero: true,
      lines: [{ label: 'drawdown', values: data.curve.drawdown, colour: colour('bad'), fill: true, show: share }],
    }),
  exposure: (place) =>
    drawLines(place, {
      x: seconds(data.curve.timeUs),
      isTime: true,
      key: 'run',
      zero: true,
      lines: [
        {
          label: 'exposure',
          values: data.curve.exposure.map((held, i) => held / (data.curve.equity[i] || 1)),
          colour: colour('accent'),
          fill: true,
          width: 1,
          show: share,
        },
      ],
    }),
  rolling: (place) =>
    drawLines(place, {
      x: seconds(data.rolling.timeUs),
      isTime: true,
      zero: true,
      lines: [{ label: 'Sharpe', values: data.rolling.sharpe, colour: colour('accent'), show: plain }],
    }),
  distribution: (place) => {
    const { edges, counts, of } = data.distribution
    const x = counts.map((_, i) => ((edges[i] as number) + (edges[i + 1] as number)) / 2)
    if (x.length === 0) return undefined
    return drawBars(place, {
      x,
      values: counts,
      label: of,
      show: plain,
      xText: (at) => percent(at, Math.abs(at) < 0.00995 ? 2 : 1),
      toneOf: 'x',
    })
  },
  months: (place) => {
    const { pnlMonths } = data
    if (pnlMonths.length === 0) return undefined
    return drawBars(place, {
      x: pnlMonths.map((_, i) => i),
      values: pnlMonths.map(({ pnl }) => pnl),
      label: 'result',
      show: whole,
      xText: (at) => (Number.isInteger(at) ? (pnlMonths[at]?.name ?? '') : ''),
    })
  },
}

function drawOne(name: string, place: HTMLElement): uPlot | undefined {
  const [kind, first, second] = name.split(':') as [string, string?, string?]
  if (kind === 'bars') {
    const bars = data.bars[Number(first)]
    return bars && bars.openUs.length > 0 ? drawCandles(place, bars, data.trades, price) : undefined
  }
  if (kind === 'study') {
    const chart = studies[Number(first)]?.[Number(second)]
    return chart && drawStudy(place, chart)
  }
  return CHARTS[kind]?.(place)
}

function drawStudy(place: HTMLElement, chart: SectionChart): uPlot | undefined {
  if (chart.kind === 'lines') {
    const scale = chart.xIsTime ? 1e6 : 1
    const strong = [colour('accent'), colour('good'), colour('bad'), colour('ink')]
    let next = 0
    return drawLines(place, {
      x: chart.x.map((at) => at / scale),
      isTime: chart.xIsTime === true,
      ...(chart.xIsTime ? {} : { xText: (at: number) => plain(at) }),
      shade: (chart.shade ?? []).map(({ from, to }) => ({ from: from / scale, to: to / scale })),
      lines: chart.lines.map(({ label, values, faint }) => ({
        label,
        values,
        colour: faint ? colour('hold') : (strong[next++ % strong.length] as string),
        width: faint ? 1 : 1.75,
        show: figure,
      })),
    })
  }
  const format = chart.kind === 'heatmap' ? undefined : chart.format
  const show = (value: number): string => shown(value, format ?? 'ratio')
  const xText = (value: number): string => (format === 'money' || format === undefined ? figure(value) : show(value))
  if (chart.kind === 'histogram') {
    const { edges, counts, marker } = chart
    const x = counts.map((_, i) => ((edges[i] as number) + (edges[i + 1] as number)) / 2)
    if (x.length === 0) return undefined
    const at = marker ? { marker: { x: marker.value, label: marker.label } } : {}
    return drawBars(place, { x, values: counts, label: 'runs', show: plain, xText, toneOf: 'none', ...at })
  }
  if (chart.kind === 'bars')
    return drawBars(place, {
      x: chart.labels.map((_, i) => i),
      values: chart.values,
      label: chart.title ?? 'value',
      show,
      xText: (at) => (Number.isInteger(at) ? (chart.labels[at] ?? '') : ''),
    })
  return undefined
}

const drawn = new Map<HTMLElement, uPlot>()
function drawAll(): void {
  for (const place of document.querySelectorAll<HTMLElement>('[data-chart]')) {
    drawn.get(place)?.destroy()
    place.replaceChildren()
    const plot = drawOne(place.dataset['chart'] ?? '', place)
    if (plot) drawn.set(place, plot)
    else {
      place.classList.add('empty')
      place.textContent = 'Nothing to draw.'
    }
  }
  document.documentElement.dataset['drawn'] = String(drawn.size)
}
drawAll()

let width = innerWidth
addEventListener('resize', () => {
  if (innerWidth === width) return
  width = innerWidth
  for (const [place, plot] of drawn) plot.setSize({ width: place.clientWidth, height: place.clientHeight })
})
const dark = matchMedia('(prefers-color-scheme: dark)')
dark.addEventListener('change', drawAll)
document.getElementById('theme')?.addEventListener('click', () => {
  const root = document.documentElement
  const isDark = root.dataset['theme'] ? root.dataset['theme'] === 'dark' : dark.matches
  root.dataset['theme'] = isDark ? 'light' : 'dark'
  drawAll()
})
