import { Refusal } from '@contrail/contracts'
import type { StrategyActor } from './actor.ts'
import { decodeMarket } from './decode.ts'
import { HANDLER_OF, refusePromise, StrategyFailure } from './handlers.ts'
import type { Direct, Handler } from './handlers.ts'
import type { MarketRoute, Route } from './mailbox.ts'
import type { StrategyBatch, StrategyInput, StrategyOutput, StrategyRun } from './program.ts'

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
  add(route: MarketRoute, at: number, data: Uint8Array): boolean {
    try {
      const { kind, value, price } = decodeMarket(route, data)
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
 * or the one that threw. What a step prepares is prepared once, and again
 * where the author's code has asked for something. `progress[0]` is the sequence at hand, for whoever watches.
 */
export function takeRun(
  actor: StrategyActor,
  run: StrategyRun,
  number: number,
  progress: Float64Array,
): StrategyOutput | undefined {
  const { batch, order, meanings, resolved, count } = run
  const { values, timesUs, prices } = decoded.of(batch)
  const { moment, collected } = actor
  let direct = actor.direct(number, false)
  for (let at = run.at; at < count; at++) {
    run.at = at
    const route = resolved[meanings[at]!] as Route | undefined
    if (route === undefined) continue
    const i = order[at]!
    progress[0] = batch.sequences[i]!
    if (
      direct === undefined ||
      !isShared(route) ||
      (values[i] === undefined && !decoded.add(route, i, dataOf(batch, i)))
    ) {
      const output = actor.step(batch.inputs[i]!, number, route)
      if (output !== undefined) return output
      direct = actor.direct(number, false)
      continue
    }
    if (timesUs[i]! > moment[0]!) moment[0] = timesUs[i]!
    const price = prices[i]!
    if (price === price) route.slot.lastPrice = price
    call(direct, route, values[i]!, batch.inputs[i]!)
    if (!collected.isUsed) continue
    if (actor.hasDecided()) return { body: { atUs: moment[0]!, ...collected.takeIntents() } }
    direct = actor.direct(number, false)
  }
  run.at = count
  return undefined
}

const dataOf = (batch: StrategyBatch, at: number): Uint8Array => batch.inputs[at]!.data

function call(
  { definition, context, state, strategy }: Direct,
  route: MarketRoute,
  value: object,
  input: StrategyInput,
): void {
  const name = HANDLER_OF[route.kind]
  const handler = (definition as unknown as Record<string, Handler | undefined>)[name]
  if (handler === undefined) return
  try {
    const returned = handler.call(definition, context, state, value)
    if (returned !== undefined) refusePromise(returned)
  } catch (error) {
    throw new StrategyFailure(strategy, name, input, error)
  }
}
