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
      if (!isMisfit(error)) throw error
    }
  }
  const before = state as typeof fresh
  actor.restore({ ...before, counts: fresh.counts, state: fresh.state, reasons: {}, toldRefusals: [] })
  return 'fresh'
}

/** By name: an indicator of a bundle refuses with the bundle's own copy of the class. */
const isMisfit = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'Refusal' || error instanceof TypeError)
