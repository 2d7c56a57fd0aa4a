import type { StreamName } from '@contrail/contracts'
import type { ConsumerConfig } from '@nats-io/jetstream'

/** Durable consumers: services that act on what they read. Readers for eyes make their own and leave no trace. */
export type Durable = {
  readonly stream: StreamName
  readonly durable: string
  readonly filter: readonly string[]
  /** Delivered and not yet answered, at most; then the server waits. */
  readonly ackPendingMax: number
}
export type WantedConsumer = Partial<ConsumerConfig> & { stream: string; durable_name: string }

const NANOS = 1_000_000
/** A message of a crashed handler comes back after this. The runtime renews it while a handler works. */
const ACK_WAIT_MS = 5000
/** Attempts before a message becomes a dead letter. */
const ATTEMPTS_MAX = 8

export const DURABLES: readonly Durable[] = [
  { stream: 'ORDERS', durable: 'orders', filter: ['orders.>'], ackPendingMax: 1000 },
  { stream: 'TRADES', durable: 'portfolio', filter: ['trades.confirm.>'], ackPendingMax: 1000 },
  { stream: 'MD', durable: 'recorder', filter: ['md.>'], ackPendingMax: 50_000 },
  { stream: 'CONTROL', durable: 'strategies', filter: ['strategy.event.>'], ackPendingMax: 1000 },
  // Shared by all research workers, each of which takes as many trials as it has cores.
  { stream: 'RESEARCH', durable: 'trials', filter: ['research.trial.>'], ackPendingMax: 1000 },
]

/** The runtime looks for its redriven dead letters under this name; `names.test.ts` holds both to it. */
export const redriveName = (stream: string, durable: string): string => `redrive_${stream}_${durable}`

/**
 * `max_deliver` is without limit on purpose: at its limit the server drops a message in silence, e.g. when the process
 * died in its last attempt. The runtime counts attempts (`attempts_max`) and writes the dead letter itself.
 */
export function wantedConsumers(): WantedConsumer[] {
  return DURABLES.flatMap((durable) => [
    consumer(durable.stream, durable.durable, durable.filter, durable.ackPendingMax),
    consumer(
      'DLQ',
      redriveName(durable.stream, durable.durable),
      [`redrive.${durable.stream}.${durable.durable}.*`],
      100,
    ),
  ])
}

function consumer(stream: string, name: string, filter: readonly string[], ackPendingMax: number): WantedConsumer {
  return {
    stream,
    durable_name: name,
    deliver_policy: 'all',
    ack_policy: 'explicit',
    replay_policy: 'instant',
    ack_wait: ACK_WAIT_MS * NANOS,
    max_deliver: -1,
    max_ack_pending: ackPendingMax,
    filter_subjects: [...filter],
    metadata: { attempts_max: String(ATTEMPTS_MAX) },
  }
}
