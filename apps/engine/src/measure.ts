import type { ActorEvent, ActorHost, Bus, Clock, Metrics } from '@contrail/runtime'

/** How often gauges are brought up to date, ms. */
const EVERY_MS = 2_000

export type Measures = {
  onEvent(event: ActorEvent): void
  /** Returns how to stop. */
  follow(host: ActorHost, clock: Clock, bus: Bus): () => void
}

export function measure(metrics: Metrics): Measures {
  const events = metrics.counter('engine_events_total', 'Strategy events, by kind', ['event'])
  const inputs = metrics.gauge('engine_inputs', 'Inputs applied by all actors of this worker since its start')
  const decisions = metrics.gauge('engine_decisions', 'Number of the last decision, by strategy', ['strategy'])
  const actors = metrics.gauge('engine_actors', 'Actors of this worker, by status', ['status'])
  const lag = metrics.gauge('engine_lag_messages', 'Messages of a stream that this worker has not read', ['stream'])
  const activation = metrics.histogram('engine_activation_seconds', 'From the start of an activation to live')
  const timed = new Map<string, number>()

  async function look(host: ActorHost, bus: Bus): Promise<void> {
    inputs.set(host.inputs)
    actors.reset()
    decisions.reset()
    for (const { id, status, number, epoch, activationMs } of host.readouts()) {
      actors.inc({ status })
      decisions.set({ strategy: id }, number)
      if (activationMs === undefined || timed.get(id) === epoch) continue
      timed.set(id, epoch)
      activation.observe(activationMs / 1000)
    }
    for (const id of timed.keys()) if (!host.has(id)) timed.delete(id)
    for (const [stream, read] of host.streams()) {
      const state = await bus.streamState(stream)
      if (state) lag.set({ stream }, Math.max(0, state.lastSequence - read))
    }
  }

  return {
    onEvent: ({ event }) => events.inc({ event }),
    follow(host, clock, bus) {
      let stopped = false
      let timer: { cancel(): void } | undefined
      const arm = () => {
        if (stopped) return
        // A server that does not answer shows in readiness; the next look comes anyway.
        timer = clock.setTimer(EVERY_MS, () => void look(host, bus).then(arm, arm))
      }
      arm()
      return () => {
        stopped = true
        timer?.cancel()
      }
    },
  }
}
