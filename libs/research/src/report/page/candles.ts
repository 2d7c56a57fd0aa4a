import type uPlot from 'uplot'
import type { BarsData, TradeRow } from '../data.ts'
import { colour, drawLines } from './charts.ts'

/** Candles with where each trade began and ended. */
export function drawCandles(
  place: HTMLElement,
  bars: BarsData,
  trades: readonly TradeRow[],
  show: (value: number) => string,
): uPlot {
  const x = bars.openUs.map((at) => at / 1e6)
  const own = trades.filter((trade) => bars.instrument.endsWith(` ${trade.instrument}`))
  const range = (from: number, to: number): [number, number] => {
    let [low, high] = [Infinity, -Infinity]
    x.forEach((at, i) => {
      if (at < from || at > to) return
      low = Math.min(low, bars.low[i] as number)
      high = Math.max(high, bars.high[i] as number)
    })
    return low <= high ? [low, high] : [0, 1]
  }
  return drawLines(place, {
    x,
    isTime: true,
    range,
    paths: () => null,
    draw: (plot) => {
      const { ctx, bbox } = plot
      ctx.save()
      ctx.beginPath()
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
      ctx.clip()
      candles(plot, bars, x)
      drawTrades(plot, own)
      ctx.restore()
    },
    lines: [
      { label: `${bars.timeframe} open`, values: bars.open, colour: colour('hold'), show },
      { label: 'high', values: bars.high, colour: colour('hold'), show },
      { label: 'low', values: bars.low, colour: colour('hold'), show },
      { label: 'close', values: bars.close, colour: colour('ink'), show },
    ],
  })
}

function candles(plot: uPlot, bars: BarsData, x: readonly number[]): void {
  const { ctx } = plot
  const step = x.length > 1 ? plot.valToPos(x[1] as number, 'x', true) - plot.valToPos(x[0] as number, 'x', true) : 8
  const body = Math.max(1, Math.min(14 * devicePixelRatio, step * 0.7))
  ctx.lineWidth = Math.max(1, devicePixelRatio * 0.75)
  for (const [name, rises] of [
    ['good', true],
    ['bad', false],
  ] as const) {
    ctx.fillStyle = ctx.strokeStyle = `color-mix(in srgb, ${colour(name)} 62%, ${colour('paper')})`
    ctx.beginPath()
    x.forEach((at, i) => {
      const [open, close] = [bars.open[i] as number, bars.close[i] as number]
      if (close >= open !== rises) return
      const middle = plot.valToPos(at, 'x', true)
      ctx.moveTo(middle, plot.valToPos(bars.high[i] as number, 'y', true))
      ctx.lineTo(middle, plot.valToPos(bars.low[i] as number, 'y', true))
      const [a, b] = [plot.valToPos(open, 'y', true), plot.valToPos(close, 'y', true)]
      if (body > 1.5) ctx.fillRect(middle - body / 2, Math.min(a, b), body, Math.max(1, Math.abs(a - b)))
    })
    ctx.stroke()
  }
}

/** More than this in sight are only marked where they began, and smaller. */
const FULL_MAX = 250

function drawTrades(plot: uPlot, trades: readonly TradeRow[]): void {
  const { min = -Infinity, max = Infinity } = plot.scales['x'] ?? {}
  const seen = trades.filter((one) => one.exitTimeUs / 1e6 >= min && one.entryTimeUs / 1e6 <= max)
  const size = Math.max(1.6, Math.min(5, 5 * Math.sqrt(120 / seen.length))) * devicePixelRatio
  for (const trade of seen) drawTrade(plot, trade, size, seen.length <= FULL_MAX)
}

function drawTrade(plot: uPlot, trade: TradeRow, size: number, isFull: boolean): void {
  const { ctx } = plot
  const tone = colour(trade.pnl >= 0 ? 'good' : 'bad')
  const [left, right] = [trade.entryTimeUs, trade.exitTimeUs].map((at) => plot.valToPos(at / 1e6, 'x', true)) as [
    number,
    number,
  ]
  const [entry, exit] = [trade.entryPrice, trade.exitPrice].map((at) => plot.valToPos(at, 'y', true)) as [
    number,
    number,
  ]
  ctx.strokeStyle = ctx.fillStyle = tone
  ctx.lineWidth = 1.5 * devicePixelRatio
  if (isFull) {
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(left, entry)
    ctx.lineTo(right, exit)
    ctx.stroke()
    ctx.setLineDash([])
  }
  const up = trade.side === 'long' ? 1 : -1
  ctx.beginPath()
  ctx.moveTo(left, entry - size * up)
  ctx.lineTo(left - size, entry + size * up)
  ctx.lineTo(left + size, entry + size * up)
  ctx.closePath()
  ctx.fill()
  if (!isFull) return
  ctx.beginPath()
  const cross = size * 0.7
  ctx.moveTo(right - cross, exit - cross)
  ctx.lineTo(right + cross, exit + cross)
  ctx.moveTo(right + cross, exit - cross)
  ctx.lineTo(right - cross, exit + cross)
  ctx.stroke()
}
