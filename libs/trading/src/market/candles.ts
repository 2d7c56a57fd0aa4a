import { refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Candle, Timeframe, Us } from '@contrail/contracts'
import type { Restorable } from '../strategy/api.ts'

export type CandleTrade = {
  readonly price: number
  readonly quantity: number
  /** Time of the venue: it decides in which bar the trade lies. */
  readonly venueTimeUs: number
  readonly receiveTimeUs: number
}

type CandleSnapshot = { timeframe: Timeframe; forming: Candle | null; closedUs: number; late: number }

/**
 * Bars of one instrument and timeframe from its trades. A bar closes with the first trade of a later one, or when the time
 * passed to `advance` has reached its end; there is no bar where no trade is. A trade that comes after its bar was closed
 * is counted and left out: a bar that was told is never told again.
 */
export class CandleBuilder implements Restorable {
  readonly timeframe: Timeframe
  readonly #frameUs: number
  #forming: Candle | undefined
  /** End of the last bar that was told; 0 before the first. */
  #closedUs = 0
  #late = 0

  constructor(timeframe: Timeframe) {
    this.timeframe = timeframe
    this.#frameUs = TIMEFRAME_US[timeframe]
  }

  /** Returns the bar that this trade has closed, if any. Its receive time is that of this trade. */
  trade(trade: CandleTrade): Candle | undefined {
    const openUs = trade.venueTimeUs - (trade.venueTimeUs % this.#frameUs)
    const forming = this.#forming
    if (openUs < (forming ? forming.openTimeUs : this.#closedUs)) {
      this.#late++
      return undefined
    }
    if (forming && openUs === forming.openTimeUs) {
      add(forming, trade)
      return undefined
    }
    const closed = forming && this.#close(forming, trade.receiveTimeUs)
    this.#forming = this.#begin(openUs, trade)
    return closed
  }

  /** Returns the bar that ended at or before `timeUs`, which is on the clock of the venue. */
  advance(timeUs: number, receiveTimeUs: number): Candle | undefined {
    const forming = this.#forming
    if (!forming || forming.closeTimeUs > timeUs) return undefined
    this.#forming = undefined
    return this.#close(forming, receiveTimeUs)
  }

  /** A copy of the bar that is not closed yet. */
  get forming(): Candle | undefined {
    return this.#forming && { ...this.#forming }
  }

  /** Trades that came after their bar was closed. */
  get late(): number {
    return this.#late
  }

  #begin(openUs: number, { price, quantity, receiveTimeUs }: CandleTrade): Candle {
    return {
      schema: 1,
      timeframe: this.timeframe,
      openTimeUs: openUs as Us,
      closeTimeUs: (openUs + this.#frameUs) as Us,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: quantity,
      quoteVolume: price * quantity,
      trades: 1,
      receiveTimeUs: receiveTimeUs as Us,
    }
  }

  #close(candle: Candle, receiveTimeUs: number): Candle {
    candle.receiveTimeUs = receiveTimeUs as Us
    this.#closedUs = candle.closeTimeUs
    return candle
  }

  snapshot(): CandleSnapshot {
    return {
      timeframe: this.timeframe,
      forming: this.#forming ? { ...this.#forming } : null,
      closedUs: this.#closedUs,
      late: this.#late,
    }
  }

  restore(state: unknown): void {
    const saved = state as CandleSnapshot
    if (saved.timeframe !== this.timeframe)
      throw refuse('other_timeframe', 'timeframe', saved.timeframe, `restore a snapshot of ${this.timeframe}`)
    this.#forming = saved.forming ? { ...saved.forming } : undefined
    this.#closedUs = saved.closedUs
    this.#late = saved.late
  }
}

function add(candle: Candle, { price, quantity, receiveTimeUs }: CandleTrade): void {
  if (price > candle.high) candle.high = price
  if (price < candle.low) candle.low = price
  candle.close = price
  candle.volume += quantity
  candle.quoteVolume += price * quantity
  candle.trades++
  candle.receiveTimeUs = receiveTimeUs as Us
}

const NONE: readonly Candle[] = []

/** Bars of one instrument in several timeframes. What a call closes comes shortest timeframe first. */
export class CandleSet implements Restorable {
  readonly #builders: readonly CandleBuilder[]

  constructor(timeframes: readonly Timeframe[]) {
    const shortestFirst = [...timeframes].sort((a, b) => TIMEFRAME_US[a] - TIMEFRAME_US[b])
    this.#builders = shortestFirst.map((timeframe) => new CandleBuilder(timeframe))
  }

  trade(trade: CandleTrade): readonly Candle[] {
    let closed: Candle[] | undefined
    for (const builder of this.#builders) {
      const candle = builder.trade(trade)
      if (candle) (closed ??= []).push(candle)
    }
    return closed ?? NONE
  }

  advance(timeUs: number, receiveTimeUs: number): readonly Candle[] {
    let closed: Candle[] | undefined
    for (const builder of this.#builders) {
      const candle = builder.advance(timeUs, receiveTimeUs)
      if (candle) (closed ??= []).push(candle)
    }
    return closed ?? NONE
  }

  forming(timeframe: Timeframe): Candle | undefined {
    return this.#builders.find((builder) => builder.timeframe === timeframe)?.forming
  }

  /** Late trades by timeframe. */
  get late(): Partial<Record<Timeframe, number>> {
    return Object.fromEntries(this.#builders.map((builder) => [builder.timeframe, builder.late]))
  }

  snapshot(): unknown {
    return this.#builders.map((builder) => builder.snapshot())
  }

  restore(state: unknown): void {
    const saved = state as CandleSnapshot[]
    for (const builder of this.#builders) {
      const own = saved.find((each) => each.timeframe === builder.timeframe)
      if (own) builder.restore(own)
    }
  }
}
