import type { Context } from '../strategy/api.ts'
import type { StrategyActor } from '../strategy/actor.ts'
import type { Collector } from '../strategy/collector.ts'
import { refusePromise, StrategyFailure } from '../strategy/handlers.ts'
import type { Direct } from '../strategy/handlers.ts'
import type { MarketRoute } from '../strategy/mailbox.ts'
import type { CandleColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import { CandleRow } from './rows.ts'

/**
 * Bars between two decisions, while no order is anywhere: nothing happens but that the author's code sees one bar after the
 * other. It is a loop of its own so that V8 compiles that code into it; all else is left out of it.
 */
export class Stretch {
  readonly #actor: StrategyActor
  readonly #moment: Float64Array
  readonly #collected: Collector
  readonly #route: MarketRoute
  readonly #columns: CandleColumns
  readonly #spanUs: number
  #direct: Direct | undefined
  readonly #cause: Cause

  constructor(actor: StrategyActor, cause: Cause, route: MarketRoute, columns: CandleColumns, spanUs: number) {
    this.#actor = actor
    this.#moment = actor.moment
    this.#collected = actor.collected
    this.#cause = cause
    this.#route = route
    this.#columns = columns
    this.#spanUs = spanUs
  }

  /** Before each stretch. False: the strategy cannot be called directly now. `number`: of its next decision. */
  begin(number: number): boolean {
    this.#direct = this.#actor.direct(number)
    return this.#direct !== undefined
  }

  /** Shows rows from `first` on. The row before `end` or a gap to which it came; -1 - row where that one has decided something. */
  run(first: number, end: number, number: number): number {
    const columns = this.#columns
    const spanUs = this.#spanUs
    const moment = this.#moment
    const collected = this.#collected
    const { slot } = this.#route
    const { definition, context, state, strategy } = this.#direct!
    const { openTimeUs, close } = columns
    let seenUs = openTimeUs[first]!
    let row = first
    try {
      for (; row < end && openTimeUs[row] === seenUs; row++) {
        seenUs += spanUs
        const price = close[row]!
        moment[0] = seenUs
        moment[1] = price
        // NaN = it states none.
        if (price === price) slot.lastPrice = price
        // As a method: V8 knows what is called here, and compiles it in.
        const returned = definition.onCandle!(context as Context<unknown>, state, new CandleRow(columns, row))
        if (returned !== undefined) refusePromise(returned)
        if (!collected.isUsed) continue
        if (this.#actor.hasDecided()) return -1 - row
        collected.begin(number, 'all')
      }
      return row
    } catch (error) {
      this.#cause.row = row
      throw new StrategyFailure(strategy, 'onCandle', undefined, error)
    }
  }
}
