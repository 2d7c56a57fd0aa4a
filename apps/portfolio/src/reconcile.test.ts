import type { Alert } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findBreaks } from './reconcile.ts'
import { report, startWorld } from './testing/world.ts'
import type { World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.start({ portfolioReconcileSeconds: 10 })
})
afterAll(() => world.drop())

/** As the orders service holds it. */
async function orderFill(confirm: ReturnType<typeof report>, change: { quantity?: string } = {}): Promise<void> {
  const { fill } = confirm
  if (!fill) throw new Error('a report with a fill is needed')
  const row = {
    order_id: confirm.orderId,
    tenant_id: 'main',
    account: 'paper',
    strategy: confirm.strategy,
    venue: 'sim',
    instrument: confirm.instrument,
  }
  const order = {
    ...row,
    intent: '{}',
    state: '{}',
    status: 'filled',
    open: false,
    quantity: '1',
    cum_quantity: '1',
    leaves_quantity: '0',
    checks: '[]',
    stream: 'ORDERS',
    incarnation: 'x',
    sequence: 1,
    decided_us: 1,
    created_us: 1,
    updated_us: 1,
  }
  const booked = {
    ...row,
    trade_id: fill.tradeId,
    side: confirm.side,
    quantity: change.quantity ?? fill.quantity,
    price: fill.price,
    fee: fill.fee,
    fee_asset: fill.feeAsset,
    liquidity: fill.liquidity,
    venue_time_us: fill.venueTimeUs,
    at_us: confirm.atUs,
  }
  await world.sql`insert into orders ${world.sql(order)}`
  await world.sql`insert into fills ${world.sql(booked)}`
}

const breaks = () => findBreaks(world.databases.open('portfolio', 'trade', { tenant: 'main' }), 'main')
const lastAlert = async (): Promise<Alert | undefined> => {
  const message = await world.bus.lastOnSubject('ALERTS', 'alerts.critical.position_break')
  return message && (JSON.parse(Buffer.from(message.data).toString()) as Alert)
}

test('books that agree with the orders have no break', async () => {
  const good = report({ fill: { fee: '0.001', feeAsset: 'BTC' } })
  await orderFill(good)
  await world.publish(good)
  await until('it is booked', async () => (await world.booked()) === 1)
  expect(await breaks()).toEqual([])
})

test('a fill that was never booked is told at the second look, and only once', async () => {
  const lost = report()
  await orderFill(lost)
  expect(await breaks()).toMatchObject([{ kind: 'fill_not_booked', about: `paper sim BTC-USDT ${lost.fill?.tradeId}` }])
  world.clock.advanceMs(10_000)
  const looked = async (times: number) => (await world.looks()) >= times
  await until('a first look', () => looked(1))
  expect(await lastAlert()).toBeUndefined()
  world.clock.advanceMs(10_000)
  await until('it is told', async () => (await lastAlert())?.about['break'] === 'fill_not_booked')
  expect((await lastAlert())?.text).toContain('for 10 s')
  await world.publish(lost)
  await until('it is booked after all', async () => (await world.booked()) === 2)
  expect(await breaks()).toEqual([])
})

test('other kinds are seen too: a differing fill, one that no order has, a position, the ledger', async () => {
  const differing = report()
  await orderFill(differing, { quantity: '2' })
  await world.publish(differing)
  const unknown = report()
  await world.publish(unknown)
  await until('both are booked', async () => (await world.booked()) === 4)
  await world.sql`update positions set quantity = quantity + 0.000000000000000001`
  const kinds = (await breaks()).map(({ kind }) => kind).sort()
  expect(kinds).toEqual(['fill_not_booked', 'fill_not_ordered', 'inventory_differs', 'position_differs'])
})
