import { refuse } from '@contrail/contracts'
import type { ActorHost, ActorReadout } from '@contrail/runtime'
import type { Hono } from 'hono'
import type { StrategyReadouts } from './readouts.ts'

/** What runs here, for eyes: state, cursors, lag, the last decision with its reasons. */
export function routes(app: Hono, host: ActorHost, worker: string, readouts: StrategyReadouts): void {
  app.get('/actors', (c) => c.json({ items: host.readouts().map((actor) => view(actor, worker)) }))
  app.get('/actors/:strategy', (c) => {
    const strategy = c.req.param('strategy')
    const actor = host.readout(strategy)
    if (!actor) throw refuse('not_found', 'strategy', strategy, 'it does not run on this worker')
    return c.json({ ...view(actor, worker), strategyState: readouts.of(strategy) ?? null })
  })
}

function view(actor: ActorReadout, worker: string): Record<string, unknown> {
  const { id, positions, activationMs, lastDecision, swap, version, ...rest } = actor
  return {
    strategy: id,
    worker,
    ...rest,
    ...version,
    cursors: positions,
    activationMs: activationMs ?? null,
    lastDecision: lastDecision ?? null,
    swap: swap ?? null,
  }
}
