import type { CandleView, TickGroup } from '@contrail/contracts'

/** Bars kept on screen; the oldest fall out. */
export const BARS_MAX = 3_000

/** The bars of one instrument and timeframe: closed ones as the platform made them, the last one growing by trades. */
export class CandleBook {
  readonly #frameUs: number
  #bars: CandleView[] = []

  constructor(frameUs: number) {
    this.#frameUs = frameUs
  }

  get bars(): readonly CandleView[] {
    return this.#bars
  }
  get last(): CandleView | undefined {
    return this.#bars.at(-1)
  }

  /** From REST, oldest first. Keeps what came meanwhile and is newer. */
  load(bars: readonly CandleView[]): void {
    const end = bars.at(-1)?.openTimeUs ?? -1
    const newer = this.#bars.filter((bar) => bar.openTimeUs > end)
    this.#bars = [...bars, ...newer].slice(-BARS_MAX)
  }

  /** What has already happened inside the bar that is forming, from shorter bars. */
  seed(parts: readonly CandleView[]): void {
    for (const part of parts) {
      const bar = this.#barAt(part.openTimeUs, part.open)
      if (!bar) continue
      bar.high = Math.max(bar.high, part.high)
      bar.low = Math.min(bar.low, part.low)
      bar.close = part.close
      bar.volume += part.volume
      bar.trades += part.trades
    }
  }

  tick(tick: TickGroup): CandleView | undefined {
    const bar = this.#barAt(tick.atUs, tick.open)
    if (!bar) return undefined
    bar.high = Math.max(bar.high, tick.high)
    bar.low = Math.min(bar.low, tick.low)
    bar.close = tick.price
    bar.volume += tick.volume
    bar.trades += tick.trades
    return bar
  }

  /** A closed bar is the truth: it replaces what was built here. */
  close(candle: CandleView): void {
    const { openTimeUs, open, high, low, close, volume, trades } = candle
    const bar = { openTimeUs, open, high, low, close, volume, trades }
    const index = this.#bars.findLastIndex((item) => item.openTimeUs <= openTimeUs)
    if (index >= 0 && this.#bars[index]?.openTimeUs === openTimeUs) this.#bars[index] = bar
    else this.#bars.splice(index + 1, 0, bar)
    if (this.#bars.length > BARS_MAX) this.#bars.shift()
  }

  /** The last bar, or a new one after it. A trade of an older bar changes nothing: that bar is closed. */
  #barAt(atUs: number, open: number): CandleView | undefined {
    const openTimeUs = (Math.floor(atUs / this.#frameUs) * this.#frameUs) as CandleView['openTimeUs']
    const last = this.last
    if (last && openTimeUs < last.openTimeUs) return undefined
    if (last?.openTimeUs === openTimeUs) return last
    const bar = { openTimeUs, open, high: open, low: open, close: open, volume: 0, trades: 0 }
    this.#bars.push(bar)
    if (this.#bars.length > BARS_MAX) this.#bars.shift()
    return bar
  }
}
