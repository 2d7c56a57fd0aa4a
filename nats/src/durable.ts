import { refuse } from '@contrail/contracts'

type Jsz = { config?: { sync_always?: boolean; sync_interval?: number }; disabled?: boolean }

/** Refuses a server that holds money and does not flush every acknowledged message. Asked of its monitoring port. */
export async function assertDurable(monitorUrl: string): Promise<void> {
  const answer = await fetch(new URL('/jsz?config=1', monitorUrl), { signal: AbortSignal.timeout(5000) })
  const { config, disabled } = (await answer.json()) as Jsz
  if (disabled || !config)
    throw refuse('not_durable', 'jetstream', 'off', 'start nats-server with the configuration that nats/ makes')
  if (config.sync_always !== true)
    throw refuse(
      'not_durable',
      'jetstream.sync_interval',
      config.sync_interval === undefined ? 'unknown' : `${config.sync_interval / 1e9} s`,
      'set sync_interval: always on the server that holds ORDERS, TRADES and CONTROL: a power cut loses the rest',
    )
}
