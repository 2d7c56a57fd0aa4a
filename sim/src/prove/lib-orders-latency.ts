import { encodeJson, subjects } from '@contrail/contracts'
import { systemClock } from '@contrail/runtime'
import { awaited } from './lib-orders-world.ts'
import type { OrdersWorld } from './lib-orders-world.ts'

const ORDERS = 200
type Quantiles = { p50Us: number; p99Us: number; n: number }
export type Latency = {
  /** From the time the server stored the signal to the request in the hands of the venue. */
  readonly signalToRequest: Quantiles
  /** The same hop and one commit of one row by hand, in the same run over the same servers. */
  readonly hopAndCommit: Quantiles
  readonly ratioP50: number
  readonly ratioP99: number
}

/** One order after another, so that nothing waits in a queue: the path itself is measured. */
export async function measureLatency(world: OrdersWorld): Promise<Latency> {
  for (const app of ['orders', 'portfolio'] as const) world.ensure(app)
  const own = await throughOrders(world)
  const bare = await byHand(world)
  return {
    signalToRequest: own,
    hopAndCommit: bare,
    ratioP50: round(own.p50Us / bare.p50Us),
    ratioP99: round(own.p99Us / bare.p99Us),
  }
}

async function throughOrders(world: OrdersWorld): Promise<Quantiles> {
  const { sql } = world
  for (let order = 1; order <= ORDERS; order++) {
    await world.decide('lat', () => [{ orderType: 'limit', price: '98.5', timeInForce: 'IOC', quantity: '0.001' }])
    await awaited(world, `lat-${order}-0 at the venue`, async () => {
      const [row] = await sql`select 1 from orders where order_id = ${`lat-${order}-0`} and status = 'expired'`
      return row !== undefined
    })
  }
  const rows = await sql<{ sequence: number; receivedUs: number }[]>`
    select o.sequence, r.received_us as "receivedUs" from paper_requests r join orders o using (cl_ord_id)
    where o.strategy = 'lat' and r.kind = 'place' order by o.sequence`
  const took: number[] = []
  for (const row of rows) {
    const message = await world.bus.getMessage('ORDERS', row.sequence)
    if (message) took.push(row.receivedUs - message.timeUs)
  }
  return quantiles(took)
}

/** A reader on the same stream that commits one row per message: what no order service can be faster than. */
async function byHand(world: OrdersWorld): Promise<Quantiles> {
  const { sql, bus } = world
  await sql`create table if not exists bare_commits (sequence bigint primary key, body jsonb not null)`
  const took: number[] = []
  const state = await bus.streamState('ALERTS')
  const reader = await bus.read({
    stream: 'ALERTS',
    fromSequence: (state?.lastSequence ?? 0) + 1,
    onMessage: async (message) => {
      const body = JSON.parse(new TextDecoder().decode(message.data)) as { kind?: string }
      if (body.kind !== 'bare_hop') return
      await sql`insert into bare_commits values (${message.sequence}, ${sql.json(body as never)})`
      took.push(systemClock.nowUs() - message.timeUs)
    },
  })
  for (let hop = 1; hop <= ORDERS; hop++) {
    const alert = {
      schema: 1,
      severity: 'info',
      kind: 'bare_hop',
      source: 'prove',
      text: 'x'.repeat(400),
      about: {},
      atUs: 1,
    }
    await bus.publish(subjects.alert('info', 'bare_hop'), encodeJson(alert))
    await awaited(world, `hop ${hop}`, async () => took.length >= hop)
  }
  await reader.stop()
  return quantiles(took)
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  return { p50Us: at(0.5), p99Us: at(0.99), n: sorted.length }
}

const round = (value: number): number => Math.round(value * 100) / 100
