import { decodeJson, strategyEventSchema, subjects } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import type { Bus } from '@contrail/runtime'

/** After these the epoch that said them has no owner. */
const ENDINGS: ReadonlySet<StrategyEvent['event']> = new Set(['stopped', 'halted', 'diverged', 'fenced'])

/** The worker whose copy has the highest epoch that was told, unless that copy has ended. For standbys, never a proof. */
export async function lastOwner(bus: Bus, strategy: string): Promise<string | undefined> {
  const subject = subjects.event(strategy)
  const last = await bus.lastOnSubject('CONTROL', subject)
  if (!last) return undefined
  let owner: StrategyEvent | undefined
  const whole = Promise.withResolvers<void>()
  const reader = await bus.read({
    stream: 'CONTROL',
    fromSequence: 0,
    filterSubjects: [subject],
    onMessage: (message) => {
      try {
        const event = decodeJson(strategyEventSchema, message.data, 'strategy event')
        if (event.epoch >= (owner?.epoch ?? 0)) owner = event
      } catch (error) {
        whole.reject(error)
      }
      if (message.sequence >= last.sequence) whole.resolve()
    },
    onLost: (reason) => whole.reject(new Error(reason)),
  })
  await whole.promise.finally(() => reader.stop())
  return owner && !ENDINGS.has(owner.event) ? owner.worker : undefined
}
