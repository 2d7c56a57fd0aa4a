import { streamStates } from './activation.ts'
import type { Actor } from './actor.ts'
import type { SharedFeed } from './feed.ts'
import { openBacklog } from './recovery.ts'
import type { RecoveryPorts } from './recovery.ts'
import { StreamLost } from './types.ts'

/** Its own backlog in the order of storing, until the shared feed can take it over without a hole. */
export async function catchUp(
  ports: RecoveryPorts,
  feed: SharedFeed,
  actor: Actor,
  stopped: () => boolean,
): Promise<void> {
  actor.status = 'catching_up'
  actor.prepareToJoin()
  while (!stopped() && !actor.ended) {
    if (feed.join(actor, actor.positions)) return actor.joined()
    const states = await streamStates(ports.bus, Object.keys(actor.positions))
    for (const [stream, position] of Object.entries(actor.positions))
      if (states[stream]?.incarnation !== position.incarnation) throw new StreamLost(`${stream} was made anew`)
    if (!(await takeBacklog(ports, actor, stopped))) return
    for (const [stream, position] of Object.entries(actor.positions))
      position.sequence = Math.max(position.sequence, states[stream]?.lastSequence ?? 0)
    await feed.open(actor.positions)
  }
}

/** False when it ended on the way. */
async function takeBacklog(ports: RecoveryPorts, actor: Actor, stopped: () => boolean): Promise<boolean> {
  const backlog = await openBacklog(ports, actor)
  try {
    for (let next = await backlog.earliest(); next; next = await backlog.earliest()) {
      await actor.room()
      if (stopped() || actor.ended || actor.held) return false
      backlog.shift(next.stream)
      actor.take(next)
    }
    return !actor.ended && !actor.held
  } finally {
    await backlog.stop()
  }
}
