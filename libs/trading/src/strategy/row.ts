import { QuoteFrame, Refusal, TickFrame } from '@contrail/contracts'
import { candleOf } from './decode.ts'
import { late } from './late.ts'
import type { Late } from './late.ts'
import type { MarketRoute, Route } from './mailbox.ts'
import type { StrategyBatch, StrategyRun } from './program.ts'

/** Of these one frame is read for all authors, and all of them see the same view of it, frozen. */
export type SharedKind = 'tick' | 'quote' | 'candle'
type SharedRoute = MarketRoute & { readonly kind: SharedKind }
const isShared = (route: Route): route is SharedRoute =>
  route.kind === 'tick' || route.kind === 'quote' || route.kind === 'candle'

/** The inputs of one batch as the authors see them: made once for all actors that get them. */
class Decoded {
  /** Beside each value: when it was received, and the price it states or NaN. */
  timesUs = new Float64Array(0)
  prices = new Float64Array(0)
  #values: (object | undefined)[] = []
  #batch: StrategyBatch | undefined

  /** True: nothing of it was made before. */
  begin(batch: StrategyBatch): boolean {
    if (batch.memo === this && this.#batch === batch) return false
    this.#batch = batch
    batch.memo = this
    const room = batch.sequences.length
    if (room > this.prices.length) {
      this.timesUs = new Float64Array(room)
      this.prices = new Float64Array(room)
    }
    this.#values = []
    return true
  }

  /** Undefined: it cannot be read. */
  valueOf(route: SharedRoute, batch: StrategyBatch, at: number): object | undefined {
    const known = this.#values[at]
    if (known !== undefined) return known
    try {
      // A view has no fields of its own and no setters: so it is frozen, at a quarter of what `freeze` takes.
      return (this.#values[at] = Object.preventExtensions(this.#read(route, batch.inputs[at]!.data, at)))
    } catch (error) {
      if (error instanceof Refusal) return undefined
      throw error
    }
  }

  /** As `decodeMarket`. */
  #read({ kind, slot }: SharedRoute, data: Uint8Array, at: number): object {
    if (kind === 'tick') {
      const tick = TickFrame.of(data, slot)
      this.timesUs[at] = tick.receiveTimeUs
      this.prices[at] = tick.price
      return tick
    }
    if (kind === 'candle') {
      const candle = candleOf(data, slot)
      this.timesUs[at] = candle.receiveTimeUs
      this.prices[at] = candle.close
      return candle
    }
    const quote = QuoteFrame.of(data, slot)
    this.timesUs[at] = quote.receiveTimeUs
    this.prices[at] = (quote.bid + quote.ask) / 2
    return quote
  }
}

/**
 * The inputs of one run side by side, made once for all actors with the same subjects: those come one after the other. What
 * an input changes of an actor itself (its time, the last price of an instrument) is written when somebody looks, and at the
 * end of the run: mostly nobody does, and the next input overwrites it.
 */
class Row implements Late {
  /** Undefined: it is a step of its own. */
  values: (object | undefined)[] = []
  /** Of all of them, where it is one. */
  kind: SharedKind | undefined
  readonly #decoded = new Decoded()
  /** The latest time of all, and the place of the last price of each subject, in their order. */
  #latestUs = 0
  #lasts: number[] = []
  #run: StrategyRun | undefined
  /** The time of the actor that takes the run now; none: nobody does. */
  #cells: Float64Array | undefined
  #progress: Float64Array = new Float64Array(0)
  /** The first input that is not written. */
  #next = 0

  /** An actor takes this run from `run.at` on; `cells[0]` is its time. `progress`: see `takeRun`. */
  begin(run: StrategyRun, cells: Float64Array, progress: Float64Array): void {
    if (this.#decoded.begin(run.batch) || this.#run !== run || this.#progress !== progress) this.#lay(run, progress)
    this.#cells = cells
    this.#next = run.at
    progress[0] = run.at
    late.by = this
  }

  end(): void {
    this.write()
    this.#cells = undefined
    late.by = undefined
  }

  /** Through the input at hand. */
  write(): void {
    if (this.#cells === undefined) return
    const at = this.#progress[0]!
    if (at === this.#run!.count - 1) {
      this.#advance(this.#latestUs)
      for (const last of this.#lasts) if (last >= this.#next) this.#price(last)
    } else
      for (let next = this.#next; next <= at; next++) {
        if (this.values[next] === undefined) continue
        this.#advance(this.#decoded.timesUs[this.#run!.order[next]!]!)
        this.#price(next)
      }
    this.#next = at + 1
  }

  #lay(run: StrategyRun, progress: Float64Array): void {
    const { batch, order, meanings, resolved, count } = run
    const { timesUs, prices } = this.#decoded
    this.#run = run
    this.#progress = progress
    const values: (object | undefined)[] = (this.values = [])
    const lasts: number[] = resolved.map(() => -1)
    let latestUs = 0
    let kind: SharedKind | undefined
    let isMixed = false
    for (let at = 0; at < count; at++) {
      const i = order[at]!
      progress[2 + at] = batch.sequences[i]!
      const route = resolved[meanings[at]!] as Route | undefined
      const value = route !== undefined && isShared(route) ? this.#decoded.valueOf(route, batch, i) : undefined
      values.push(value)
      if (value === undefined) continue
      const own = (route as SharedRoute).kind
      isMixed ||= kind !== undefined && own !== kind
      kind = own
      if (timesUs[i]! > latestUs) latestUs = timesUs[i]!
      if (prices[i] === prices[i]) lasts[meanings[at]!] = at
    }
    this.kind = isMixed ? undefined : kind
    this.#latestUs = latestUs
    // Of one instrument, too, the last one counts.
    this.#lasts = lasts.filter((at) => at >= 0).sort((a, b) => a - b)
  }

  #advance(timeUs: number): void {
    const cells = this.#cells!
    if (timeUs > cells[0]!) cells[0] = timeUs
  }

  #price(at: number): void {
    const { resolved, meanings, order } = this.#run!
    const price = this.#decoded.prices[order[at]!]!
    if (price === price) (resolved[meanings[at]!] as MarketRoute).slot.lastPrice = price
  }
}

/** Runs are worked off one after the other: all of them take turns in this one. */
export const row = new Row()
