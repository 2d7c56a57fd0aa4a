import { Refusal } from '@contrail/contracts'
import type { StrategyActor } from './actor.ts'

/**
 * Another version goes on from the state of the one before: with the author's state when that still fits, else with the
 * account alone (positions, open orders, paused or not) and an author's state that begins anew.
 */
export function adoptState(actor: StrategyActor, state: unknown, mayKeep: boolean): 'kept' | 'fresh' {
  const fresh = actor.snapshot()
  if (mayKeep) {
    try {
      actor.restore(state)
      return 'kept'
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof TypeError)) throw error
    }
  }
  const before = state as typeof fresh
  actor.restore({ ...before, counts: fresh.counts, state: fresh.state, reasons: {}, toldRefusals: [] })
  return 'fresh'
}
