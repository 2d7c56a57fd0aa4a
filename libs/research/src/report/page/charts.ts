import uPlot from 'uplot'

/* Charts over the data that the page carries. Colours come from the style sheet, so that light and dark are one drawing. */

export type Line = {
  readonly label: string
  readonly values: readonly (number | null)[]
  readonly colour: string
  readonly fill?: boolean
  readonly width?: number
  readonly dash?: number[]
  readonly show: (value: number) => string
}
export type LineChart = {
  readonly x: readonly number[]
  readonly isTime: boolean
  readonly lines: readonly Line[]
  readonly shade?: readonly { from: number; to: number }[]
  /** Charts of one key move their cursors together. */
  readonly key?: string
  readonly zero?: boolean
  readonly draw?: (plot: uPlot) => void
  readonly paths?: uPlot.Series.PathBuilder
  /** y from these, where what is drawn is not the lines themselves. */
  readonly range?: (from: number, to: number) => [number, number]
  readonly xText?: (value: number) => string
  /** Says values only where the cursor is. */
  readonly isQuiet?: boolean
}

export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

const alpha = (text: string, share: number): string => `color-mix(in srgb, ${text} ${share * 100}%, transparent)`
/** 600.00 -> 600 and 0.50 % -> 0.5 %: a tick needs no more digits than it has. */
const trimmed = (text: string): string => text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '')
export const timeOf = (seconds: number): string => {
  const text = new Date(seconds * 1000).toISOString()
  return seconds % 86_400 === 0 ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ')
}

/** Times go to uPlot in seconds. UTC, as everything here. */
const utc = (seconds: number): Date => uPlot.tzDate(new Date(seconds * 1000), 'UTC')

export function drawLines(place: HTMLElement, chart: LineChart): uPlot {
  const { x, lines, isTime } = chart
  const reading = document.createElement('div')
  reading.className = 'reading'
  const axis = axisOf(place)
  const isNarrow = place.clientWidth < 480
  const show = lines[0]?.show ?? String
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: place.clientHeight,
      tzDate: utc,
      padding: [18, 14, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { size: 6 },
        drag: { x: true, y: false },
        ...(chart.key ? { sync: { key: chart.key } } : {}),
      },
      scales: { x: { time: isTime }, y: { range: yRange(chart) } },
      axes: [
        {
          ...axis,
          space: isNarrow ? 46 : 70,
          size: isTime ? 38 : 26,
          ...xTexts(chart),
        },
        {
          ...axis,
          size: (_, texts) => widthOf(texts, isNarrow),
          values: (_, ticks) => ticks.map((tick) => trimmed(show(tick))),
        },
      ],
      series: [{}, ...lines.map((line) => seriesOf(line, chart))],
      hooks: {
        ready: [(now) => read(reading, now, chart)],
        setCursor: [(now) => read(reading, now, chart)],
        ...(chart.shade ? { drawClear: [(now: uPlot) => shade(now, chart.shade ?? [])] } : {}),
        ...(chart.draw ? { draw: [chart.draw] } : {}),
      },
    },
    [x as number[], ...lines.map((line) => line.values as (number | null)[])],
    place,
  )
  place.append(reading)
  read(reading, plot, chart)
  return plot
}

/** As wide as its longest text. */
const widthOf = (texts: readonly string[] | null, isNarrow: boolean): number =>
  Math.max(isNarrow ? 44 : 56, 16 + 6.6 * Math.max(0, ...(texts ?? []).map((text) => text.length)))

function xTexts({ xText, isTime }: LineChart): Pick<uPlot.Axis, 'values'> {
  if (xText) return { values: (_, ticks) => ticks.map((tick) => trimmed(xText(tick))) }
  return isTime ? { values: (_, ticks) => timeTexts(ticks) } : {}
}

/** Years, months, days or times, by how far apart the ticks are; what is larger is said once, below. */
function timeTexts(ticks: readonly number[]): string[] {
  const step = ticks.length > 1 ? (ticks[1] as number) - (ticks[0] as number) : 86_400
  const [from, to, above] = step >= 360 * 86_400 ? [0, 4, 0] : step >= 86_400 ? [5, 10, 4] : [11, 16, 10]
  let before = ''
  return ticks.map((tick) => {
    const text = new Date(tick * 1000).toISOString()
    // Times have their day below, days their year.
    const [own, larger] = [text.slice(from, to), text.slice(above === 10 ? 5 : 0, above)]
    const isNew = larger !== before
    before = larger
    return isNew && larger !== '' ? `${own}\n${larger}` : own
  })
}

function axisOf(place: HTMLElement): uPlot.Axis {
  const font = getComputedStyle(place).fontFamily
  return {
    stroke: colour('soft'),
    font: `11px ${font}`,
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { show: false },
    gap: 6,
  }
}

function seriesOf(line: Line, chart: LineChart): uPlot.Series {
  return {
    label: line.label,
    stroke: line.colour,
    width: line.width ?? 1.5,
    points: { show: false },
    spanGaps: true,
    ...(line.fill ? { fill: alpha(line.colour, 0.16) } : {}),
    ...(line.dash ? { dash: line.dash } : {}),
    ...(chart.paths ? { paths: chart.paths } : {}),
  }
}

function yRange({ range, zero }: LineChart): uPlot.Range.Function {
  return (plot, low, high) => {
    const x = plot.scales['x']
    let [from, to] = range ? range(x?.min ?? -Infinity, x?.max ?? Infinity) : [low ?? 0, high ?? 1]
    if (zero && from === 0 && to === 0) return [-0.01, 0.01]
    if (zero) [from, to] = [Math.min(0, from), Math.max(0, to)]
    const room = (to - from || Math.abs(to) || 1) * 0.06
    return [zero && from === 0 ? 0 : from - room, zero && to === 0 ? 0 : to + room]
  }
}

/** Values under the cursor, or the last ones. */
function read(reading: HTMLElement, plot: uPlot, chart: LineChart): void {
  const left = plot.bbox.left / devicePixelRatio
  if (left > 0) reading.style.left = `${left + 4}px`
  tell(reading, plot, chart)
}

function tell(reading: HTMLElement, plot: uPlot, { x, lines, isTime, xText, isQuiet }: LineChart): void {
  const index = plot.cursor.idx ?? (isQuiet ? -1 : x.length - 1)
  const at = x[index]
  if (at === undefined) return reading.replaceChildren()
  const when = document.createElement('span')
  when.textContent = xText ? xText(at) : isTime ? timeOf(at) : String(at)
  const parts = lines.map((line) => {
    const part = document.createElement('span')
    const mark = document.createElement('i')
    mark.style.background = line.colour
    const value = line.values[index]
    part.append(mark, `${line.label} ${typeof value === 'number' ? line.show(value) : '–'}`)
    return part
  })
  reading.replaceChildren(when, ...parts)
}

function shade(plot: uPlot, parts: readonly { from: number; to: number }[]): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.fillStyle = alpha(colour('accent'), 0.08)
  for (const { from, to } of parts) {
    const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(to, 'x', true)]
    ctx.fillRect(left, bbox.top, right - left, bbox.height)
  }
  ctx.restore()
}

export type BarChart = {
  readonly x: readonly number[]
  readonly values: readonly (number | null)[]
  readonly label: string
  readonly show: (value: number) => string
  readonly xText: (value: number) => string
  /** A line that stands at this x. */
  readonly marker?: { x: number; label: string }
  /** Whose sign the colour says: that of the value, of x, or none. */
  readonly toneOf?: 'value' | 'x' | 'none'
}

const toneName = (value: number, step: number): string =>
  Math.abs(value) < step / 1e6 ? 'hold' : value < 0 ? 'bad' : 'good'

export function drawBars(place: HTMLElement, chart: BarChart): uPlot {
  const { x, values, toneOf = 'value' } = chart
  const step = x.length > 1 ? (x[1] as number) - (x[0] as number) : 1
  const draw = (plot: uPlot): void => {
    const { ctx, bbox } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    const zero = plot.valToPos(0, 'y', true)
    x.forEach((at, i) => {
      const value = values[i]
      if (typeof value !== 'number' || value === 0) return
      const [left, right] = [plot.valToPos(at - step * 0.42, 'x', true), plot.valToPos(at + step * 0.42, 'x', true)]
      const top = plot.valToPos(value, 'y', true)
      ctx.fillStyle = colour(toneOf === 'none' ? 'accent' : toneName(toneOf === 'x' ? at : value, step))
      ctx.fillRect(left, Math.min(top, zero), Math.max(1, right - left), Math.max(1, Math.abs(zero - top)))
    })
    if (chart.marker) {
      const at = plot.valToPos(chart.marker.x, 'x', true)
      ctx.strokeStyle = colour('ink')
      ctx.lineWidth = 2 * devicePixelRatio
      ctx.beginPath()
      ctx.moveTo(at, bbox.top)
      ctx.lineTo(at, bbox.top + bbox.height)
      ctx.stroke()
    }
    ctx.restore()
  }
  const known = values.filter((one): one is number => typeof one === 'number')
  return drawLines(place, {
    x: [(x[0] ?? 0) - step / 2, ...x, (x.at(-1) ?? 0) + step / 2],
    isTime: false,
    zero: true,
    xText: chart.xText,
    draw,
    range: () => [Math.min(0, ...known), Math.max(0, ...known)],
    paths: () => null,
    isQuiet: true,
    lines: [{ label: chart.label, values: [null, ...values, null], colour: colour('accent'), show: chart.show }],
  })
}
