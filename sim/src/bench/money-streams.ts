import type { World } from './world.ts'

/** Streams and a bucket of the bare chain, stored like ours, so that neither chain's messages reach the other. */
export async function makeBareStreams({ jsm }: World): Promise<void> {
  const names = { BENCH_ORDERS: ['bench.orders.>'], BENCH_TRADES: ['bench.trades.>'], KV_bench: ['$KV.bench.>'] }
  for (const [name, subjects] of Object.entries(names)) {
    await jsm.streams.delete(name).catch(() => false) // of an earlier bench on this server
    const like = { BENCH_ORDERS: 'ORDERS', BENCH_TRADES: 'TRADES', KV_bench: 'KV_positions' }[name] as string
    const { config } = await jsm.streams.info(like)
    await jsm.streams.add({ ...config, name, subjects, deny_delete: false, deny_purge: false })
  }
  for (const [stream, durable] of [
    ['BENCH_ORDERS', 'desk'],
    ['BENCH_TRADES', 'booker'],
  ] as const)
    await jsm.consumers.add(stream, { durable_name: durable, ack_policy: 'explicit', max_ack_pending: 1000 })
}

/** The service is not to work off what other figures have left: its durable consumer goes on at the end. */
export async function onlyNew({ jsm }: World, stream: string, durable: string): Promise<void> {
  const { state } = await jsm.streams.info(stream)
  await jsm.consumers.reset(stream, durable, state.last_seq + 1)
}
