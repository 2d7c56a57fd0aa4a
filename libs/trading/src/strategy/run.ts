import { Refusal } from '@contrail/contracts'
import type { StrategyActor } from './actor.ts'
import { decodeMarket } from './decode.ts'
import { HANDLER_OF, refusePromise, StrategyFailure } from './handlers.ts'
import type { Direct, Handler, HandlerName } from './handlers.ts'
import type { MarketRoute, Route } from './mailbox.ts'
import type { StrategyBatch, StrategyOutput, StrategyRun } from './program.ts'

/** The inputs of one batch as the authors see them: made once for all actors that get them. */
class Decoded {
  values: (object | undefined)[] = []
  /** Beside each value: when it was received, and the price it states or NaN. */
  timesUs = new Float64Array(0)
  prices = new Float64Array(0)
  #batch: StrategyBatch | undefined

  of(batch: StrategyBatch): this {
    if (batch.memo === this && this.#batch === batch) return this
    this.#batch = batch
    batch.memo = this
    const room = batch.sequences.length
    if (room > this.prices.length) {
      this.timesUs = new Float64Array(room)
      this.prices = new Float64Array(room)
    }
    this.values = []
    return this
  }

  /** False: it cannot be read. */
  add(route: MarketRoute, batch: StrategyBatch, at: number): boolean {
    try {
      const { kind, value, price } = decodeMarket(route, batch.inputs[at]!.data)
      if (kind === 'feedStatus') return false
      this.values[at] = value
      this.timesUs[at] = value.receiveTimeUs
      this.prices[at] = price
      return true
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
  }
}

/** Batches are worked off one after the other: all of them take turns in this one. */
const decoded = new Decoded()

/** Of these one object is handed to all authors, frozen. */
const isShared = (route: Route): route is MarketRoute =>
  route.kind === 'tick' || route.kind === 'quote' || route.kind === 'candle'

/**
 * As `step` for one input after the other, from `run.at` on, up to the first that is decided on: `run.at` is then that one,
 * or the one that threw. What a step prepares is prepared once, and again where the author's code has asked for something.
 * `progress[0]` is the sequence at hand, for whoever watches.
 */
export function takeRun(
  actor: StrategyActor,
  run: StrategyRun,
  number: number,
  progress: Float64Array,
): StrategyOutput | undefined {
  const { batch, order, meanings, resolved, count } = run
  const { sequences } = batch
  const { values, timesUs, prices } = decoded.of(batch)
  const { moment, collected } = actor
  let direct = actor.direct(number, false)
  for (let at = run.at; at < count; at++) {
    run.at = at
    const route = resolved[meanings[at]!] as Route | undefined
    if (route === undefined) continue
    const i = order[at]!
    progress[0] = sequences[i]!
    if (direct === undefined || (values[i] === undefined && !(isShared(route) && decoded.add(route, batch, i)))) {
      const output = actor.step(batch.inputs[i]!, number, route)
      if (output !== undefined) return output
      direct = actor.direct(number, false)
      continue
    }
    if (timesUs[i]! > moment[0]!) moment[0] = timesUs[i]!
    const price = prices[i]!
    if (price === price) (route as MarketRoute).slot.lastPrice = price
    try {
      const returned = call(direct, (route as MarketRoute).kind, values[i]!)
      if (returned !== undefined) refusePromise(returned)
    } catch (error) {
      throw new StrategyFailure(direct.strategy, HANDLER_OF[(route as MarketRoute).kind], batch.inputs[i], error)
    }
    if (!collected.isUsed) continue
    if (actor.hasDecided()) return { body: { atUs: moment[0]!, ...collected.takeIntents() } }
    direct = actor.direct(number, false)
  }
  run.at = count
  return undefined
}

/** Handlers are called as methods: so V8 compiles them into this loop where it can. */
function call({ definition, context, state }: Direct, kind: MarketRoute['kind'], value: object): unknown {
  const author = definition as unknown as { [K in HandlerName]?: Handler }
  switch (kind) {
    case 'tick':
      return author.onTick?.(context, state, value)
    case 'quote':
      return author.onQuote?.(context, state, value)
    default:
      return author.onCandle?.(context, state, value)
  }
}
