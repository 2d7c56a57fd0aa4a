import type { Candle, CandleView, Tick, Timeframe } from '@contrail/contracts'

/** Bars and ticks kept in memory: what the archive does not have yet, and all there is without a database. */
const BARS_MAX = 3000
const TICKS_MAX = 1000

export class Recent {
  readonly #bars = new Map<string, Ring<CandleView>>()
  readonly #ticks = new Map<string, Ring<Tick>>()

  addCandle(venue: string, instrument: string, candle: Candle): void {
    const { openTimeUs, open, high, low, close, volume, trades, timeframe } = candle
    ringOf(this.#bars, `${venue} ${instrument} ${timeframe}`, BARS_MAX).push({
      openTimeUs,
      open,
      high,
      low,
      close,
      volume,
      trades,
    })
  }

  addTick(venue: string, instrument: string, tick: Tick): void {
    ringOf(this.#ticks, `${venue} ${instrument}`, TICKS_MAX).push(tick)
  }

  candles(venue: string, instrument: string, timeframe: Timeframe): CandleView[] {
    return this.#bars.get(`${venue} ${instrument} ${timeframe}`)?.all() ?? []
  }

  ticks(venue: string, instrument: string): Tick[] {
    return this.#ticks.get(`${venue} ${instrument}`)?.all() ?? []
  }
}

function ringOf<T>(rings: Map<string, Ring<T>>, key: string, size: number): Ring<T> {
  let ring = rings.get(key)
  if (!ring) rings.set(key, (ring = new Ring<T>(size)))
  return ring
}

class Ring<T> {
  readonly #size: number
  #items: T[] = []

  constructor(size: number) {
    this.#size = size
  }

  push(item: T): void {
    this.#items.push(item)
    if (this.#items.length > 2 * this.#size) this.#items = this.#items.slice(-this.#size)
  }

  all(): T[] {
    return this.#items.slice(-this.#size)
  }
}

/** Archive and memory as one: a bar in both is the one with more trades. Oldest first. */
export function mergeBars(recorded: readonly CandleView[], recent: readonly CandleView[]): CandleView[] {
  const byTime = new Map<number, CandleView>()
  for (const bar of [...recorded, ...recent]) {
    const other = byTime.get(bar.openTimeUs)
    if (!other || bar.trades >= other.trades) byTime.set(bar.openTimeUs, bar)
  }
  return [...byTime.values()].sort((a, b) => a.openTimeUs - b.openTimeUs)
}
