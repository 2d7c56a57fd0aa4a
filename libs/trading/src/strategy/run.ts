import type { StrategyActor } from './actor.ts'
import type { Collector } from './collector.ts'
import { HANDLER_OF, refusePromise, StrategyFailure } from './handlers.ts'
import type { Direct, Handler, HandlerName } from './handlers.ts'
import type { MarketRoute, Route } from './mailbox.ts'
import type { StrategyOutput, StrategyRun } from './program.ts'
import { row } from './row.ts'
import type { SharedKind } from './row.ts'

/**
 * As `step` for one input after the other, from `run.at` on, up to the first that is decided on: `run.at` is then that one,
 * or the one that threw. What a step prepares is prepared once, and again where the author's code has asked for something.
 * For whoever watches, `progress[0]` is the place in the run of the input at hand, and `progress[2 + place]` its sequence.
 */
export function takeRun(
  actor: StrategyActor,
  run: StrategyRun,
  number: number,
  progress: Float64Array,
): StrategyOutput | undefined {
  row.begin(run, actor.moment, progress)
  try {
    return takeEach(actor, run, number, progress)
  } finally {
    row.end()
  }
}

function takeEach(
  actor: StrategyActor,
  run: StrategyRun,
  number: number,
  progress: Float64Array,
): StrategyOutput | undefined {
  const { collected } = actor
  for (; run.at < run.count; run.at++) {
    const direct = actor.direct(number, false)
    if (direct !== undefined) callEach(direct, collected, run, progress)
    if (run.at === run.count) return undefined
    progress[0] = run.at
    row.write()
    if (direct !== undefined && collected.isUsed) {
      if (actor.hasDecided()) return { body: { atUs: actor.moment[0]!, ...collected.takeIntents() } }
      continue
    }
    const route = run.resolved[run.meanings[run.at]!] as Route | undefined
    if (route === undefined) continue
    const output = actor.step(run.batch.inputs[run.order[run.at]!]!, number, route)
    if (output !== undefined) return output
  }
  return undefined
}

/** Calls the author's code for one input after the other, up to where it asks for something or an input is a step of its own. */
function callEach(direct: Direct, collected: Collector, run: StrategyRun, progress: Float64Array): void {
  const { count } = run
  const { values, kind } = row
  let { at } = run
  try {
    for (; at < count; at++) {
      const value = values[at]
      if (value === undefined) return
      progress[0] = at
      const returned = call(direct, kind ?? kindAt(run, at), value)
      if (returned !== undefined) refusePromise(returned)
      if (collected.isUsed) return
    }
  } catch (error) {
    throw new StrategyFailure(direct.strategy, HANDLER_OF[kindAt(run, at)], run.batch.inputs[run.order[at]!], error)
  } finally {
    run.at = at
  }
}

const kindAt = ({ resolved, meanings }: StrategyRun, at: number): SharedKind =>
  (resolved[meanings[at]!] as MarketRoute).kind as SharedKind

/** Handlers are called as methods: so V8 compiles them into this loop where it can. */
function call({ definition, context, state }: Direct, kind: SharedKind, value: object): unknown {
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
