import { TIMEFRAME_US } from '@contrail/contracts'
import type { CandleView, FillView, Timeframe } from '@contrail/contracts'
import type { IChartApi, ISeriesApi, ISeriesMarkersPluginApi, Time, UTCTimestamp } from 'lightweight-charts'
import { explain, get } from './api.ts'
import { CandleBook } from './candles.ts'
import { chartOptions, palette, watchScheme } from './chart-look.ts'
import { listenToMarket } from './live.ts'
import { markersOf } from './markers.ts'
import type { Market } from './model.ts'
import { read, subscribe, update } from './store.ts'

export type ChartSummary = {
  state: 'loading' | 'ready' | 'empty' | 'failed'
  detail: string
  bars: readonly CandleView[]
  hovered: CandleView | undefined
  markers: number
}
const BARS = 500
/** What is told to React: attributes, legend and table. The canvas itself is faster. */
const TELL_MS = 200

/** One instrument and timeframe on one canvas, until the returned function is called. */
export function startChart(
  canvas: HTMLElement,
  market: Market,
  places: number,
  tell: (summary: ChartSummary) => void,
): () => void {
  const stops: (() => void)[] = []
  let stopped = false
  void import('lightweight-charts').then((library) => {
    if (!stopped) stops.push(...drawOn(library, canvas, market, places, tell))
  })
  return () => {
    stopped = true
    for (const stop of stops.toReversed()) stop()
  }
}

type Library = typeof import('lightweight-charts')
type Parts = {
  chart: IChartApi
  candles: ISeriesApi<'Candlestick'>
  volume: ISeriesApi<'Histogram'>
  markers: ISeriesMarkersPluginApi<Time>
}

function makeParts(library: Library, canvas: HTMLElement, places: number): Parts {
  const chart = library.createChart(canvas, chartOptions(places))
  const look = palette()
  const candles = chart.addSeries(library.CandlestickSeries, {
    ...candleLook(look),
    priceFormat: { type: 'price', precision: places, minMove: Number(`1e-${places}`) },
  })
  const volume = chart.addSeries(library.HistogramSeries, {
    priceFormat: { type: 'volume' },
    priceScaleId: '',
    lastValueVisible: false,
    priceLineVisible: false,
  })
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } })
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.2 } })
  return { chart, candles, volume, markers: library.createSeriesMarkers(candles, []) }
}

const candleLook = (look: ReturnType<typeof palette>) => ({
  upColor: look.up,
  downColor: look.down,
  borderVisible: false,
  wickUpColor: look.up,
  wickDownColor: look.down,
})

function drawOn(
  library: Library,
  canvas: HTMLElement,
  market: Market,
  places: number,
  tell: (summary: ChartSummary) => void,
): (() => void)[] {
  const frameUs = TIMEFRAME_US[market.timeframe as Timeframe] ?? TIMEFRAME_US['1m']
  const book = new CandleBook(frameUs)
  const parts = makeParts(library, canvas, places)
  const summary: ChartSummary = { state: 'loading', detail: '', bars: [], hovered: undefined, markers: 0 }
  let fills: readonly FillView[] | undefined
  let gone = false

  const say = throttled(TELL_MS, () => !gone && tell({ ...summary, bars: book.bars }))
  const mine = (event: { venue: string; instrument: string }) =>
    event.venue === market.venue && event.instrument === market.instrument
  function grow(bar: CandleView | undefined): void {
    if (!bar || summary.state === 'loading') return
    parts.candles.update(candlePoint(bar))
    parts.volume.update(volumePoint(bar))
    summary.state = 'ready'
    say()
  }
  function redraw(): void {
    parts.candles.setData(book.bars.map(candlePoint))
    parts.volume.setData(book.bars.map(volumePoint))
    mark(true)
  }
  function mark(force = false): void {
    const all = read().fills
    if (!force && all === fills) return
    fills = all
    const list = markersOf((all ?? []).filter(mine), book.bars, palette())
    parts.markers.setMarkers(list)
    summary.markers = list.length
    say()
  }
  async function load(): Promise<void> {
    try {
      const bars = await barsOf(market, frameUs)
      if (gone) return
      book.load(bars.closed)
      book.seed(bars.parts)
      summary.state = book.bars.length > 0 ? 'ready' : 'empty'
    } catch (error) {
      summary.detail = explain(error)
      if (summary.state === 'loading') summary.state = 'failed'
    }
    if (gone) return
    redraw()
    say()
  }
  parts.chart.subscribeCrosshairMove(({ time }) => {
    summary.hovered = time === undefined ? undefined : book.bars.find((bar) => timeOfBar(bar) === time)
    say()
  })
  parts.chart.subscribeClick(({ hoveredObjectId }) => {
    if (typeof hoveredObjectId === 'string') update((model) => ({ ...model, explaining: hoveredObjectId }))
  })
  void load()
  return [
    () => parts.chart.remove(),
    () => (gone = true),
    listenToMarket({
      onTick: (tick) => mine(tick) && grow(book.tick(tick)),
      onCandle(candle) {
        if (!mine(candle) || candle.timeframe !== market.timeframe) return
        const late = (book.last?.openTimeUs ?? 0) > candle.openTimeUs
        book.close(candle)
        if (late) redraw()
        else grow(book.last)
      },
      onResume: () => void load(),
    }),
    subscribe(() => mark()),
    watchScheme(() => {
      parts.chart.applyOptions(chartOptions(places))
      parts.candles.applyOptions(candleLook(palette()))
      redraw()
    }),
  ]
}

/** Closed bars, and the shorter ones inside the bar that is forming now. */
async function barsOf(market: Market, frameUs: number): Promise<{ closed: CandleView[]; parts: CandleView[] }> {
  const closed = await candles(market, market.timeframe, { limit: BARS })
  const last = closed.at(-1)
  const shorter = frameUs > TIMEFRAME_US['1m'] ? '1m' : frameUs > TIMEFRAME_US['1s'] ? '1s' : undefined
  if (!last || !shorter) return { closed, parts: [] }
  const fromUs = last.openTimeUs + frameUs
  const parts = await candles(market, shorter, { fromUs, limit: 1500 })
  const seconds = shorter === '1m' ? await candles(market, '1s', { fromUs: endOf(parts, fromUs), limit: 120 }) : []
  return { closed, parts: [...parts, ...seconds].filter((bar) => bar.openTimeUs >= fromUs) }
}

const endOf = (bars: readonly CandleView[], otherwiseUs: number): number =>
  Math.max(otherwiseUs, (bars.at(-1)?.openTimeUs ?? -1) + TIMEFRAME_US['1m'])

async function candles(market: Market, timeframe: string, range: Record<string, number>): Promise<CandleView[]> {
  const { venue, instrument } = market
  const numbers = Object.fromEntries(Object.entries(range).map(([name, value]) => [name, String(value)]))
  const query = new URLSearchParams({ venue, instrument, timeframe, ...numbers })
  return (await get<{ items: CandleView[] }>(`/v1/candles?${query}`)).items
}

const timeOfBar = (bar: CandleView): UTCTimestamp => (bar.openTimeUs / 1e6) as UTCTimestamp
const candlePoint = (bar: CandleView) => {
  const { open, high, low, close } = bar
  return { time: timeOfBar(bar), open, high, low, close }
}
const volumePoint = (bar: CandleView) => ({
  time: timeOfBar(bar),
  value: bar.volume,
  color: bar.close >= bar.open ? palette().upFaint : palette().downFaint,
})

/** Runs at the end of each interval in which it was asked for. */
function throttled(ms: number, work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      work()
    }, ms)
  }
}
