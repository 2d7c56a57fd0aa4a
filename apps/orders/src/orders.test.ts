import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { confirmSchema, decodeJson, encodeJson, subjects } from '@contrail/contracts'
import type { Confirm, OrderView } from '@contrail/contracts'
import { internalClient } from '@contrail/runtime'
import type { BusMessage, InternalClient, Running } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { clOrdIdOf, makeAhead } from './identity.ts'
import { ordersWorld, TOKEN } from './testing.ts'
import type { OrdersWorld } from './testing.ts'

let world: OrdersWorld
let orders: Running
let client: InternalClient
/** Keeps the market fresh; each test says what it needs of it. */
let beat: NodeJS.Timeout
let [bid, ask] = [100, 100.1]

beforeAll(async () => {
  world = await ordersWorld()
  await world.quote(bid, ask)
  await world.tick(bid, 1)
  const ordersLimits = JSON.stringify({
    platform: { duplicateWindowUs: 0, strategyPerSecond: 1000, accountPerSecond: 1000 },
  })
  orders = await world.startOrders({ ordersLimits, ordersReconcileMs: 200 })
  client = internalClient(orders.url as string, TOKEN)
  beat = setInterval(() => void world.quote(bid, ask).catch(() => undefined), 200)
})
afterAll(async () => {
  clearInterval(beat)
  await world?.stop()
})

const admin = () => world.databases.open('admin', 'trade').sql
const place = (strategy: string, given: object = {}) => world.decide(strategy, () => [given])

describe('an order from its signal to its confirmation', () => {
  test('a market order is approved, written, sent once, filled and told in order', async () => {
    await place('s1')
    const filled = await world.confirmed('s1-1-0', 'filled')
    expect(filled).toMatchObject({ status: 'filled', cumQuantity: '0.01', leavesQuantity: '0', orderType: 'market' })
    expect(filled.fill).toMatchObject({ price: '100.1', quantity: '0.01', feeAsset: 'USDT', fee: '0.0005005' })
    // The venue's answer carries the fill: one report, which implies the acceptance.
    const told = world.confirms.filter((one) => one.orderId === 's1-1-0')
    expect(told.map((one) => [one.type, one.venueOrderId])).toEqual([['filled', `paper-${filled.clOrdId}`]])
    // Written as the schema would: in another order of its fields each reader would have to ask the schema.
    const { data } = (await world.bus.lastOnSubject('TRADES', subjects.confirm('paper', 's1'))) as BusMessage
    expect(Buffer.from(data).toString()).toBe(JSON.stringify(decodeJson(confirmSchema, data, 'confirm')))
    const requests = await admin()`select kind, outcome, cl_ord_id from paper_requests where account = 'paper'`
    expect(requests.map((row) => [row.kind, row.outcome])).toEqual([['place', 'accepted']])
    expect(requests[0]?.cl_ord_id).toMatch(/^q[a-z2-7]{29}$/)
  })

  test('a resting limit, partial fills, then a cancel', async () => {
    await place('s2', { orderType: 'limit', price: '99.5', quantity: '0.01' })
    const { venueOrderId } = await world.confirmed('s2-1-0', 'accepted')
    expect(venueOrderId).toMatch(/^paper-q/)
    await world.tick(99.4, 0.004, 'sell')
    const filled = await world.confirmed('s2-1-0', 'filled')
    expect(filled).toMatchObject({ status: 'partially_filled', cumQuantity: '0.004' })
    expect(filled).not.toHaveProperty('venueOrderId')
    await place('s2', { type: 'cancel', orderId: 's2-1-0' })
    expect(await world.confirmed('s2-1-0', 'cancelled')).toMatchObject({ status: 'cancelled', cumQuantity: '0.004' })
  })

  test('an amend moves the price, a late cancel is told so', async () => {
    await place('s3', { orderType: 'limit', price: '99.5', quantity: '0.01' })
    await world.confirmed('s3-1-0', 'accepted')
    await place('s3', { type: 'amend', orderId: 's3-1-0', price: '100.1' })
    expect(await world.confirmed('s3-1-0', 'replaced')).toMatchObject({ price: '100.1' })
    await world.confirmed('s3-1-0', 'filled')
    await place('s3', { type: 'cancel', orderId: 's3-1-0' })
    expect((await world.confirmed('s3-1-0', 'cancel_rejected')).reason?.code).toBe('TOO_LATE_TO_CANCEL')
  })

  test('a stop waits for its price', async () => {
    await place('s4', { orderType: 'stop', stopPrice: '101' })
    await world.confirmed('s4-1-0', 'accepted')
    await world.tick(101, 0.001, 'buy')
    expect(await world.confirmed('s4-1-0', 'filled')).toMatchObject({ status: 'filled', stopPrice: '101' })
    await world.tick(100, 0.001)
  })

  test('what the gate denies is told with its code, value and limit, and never sent', async () => {
    await place('s5', { orderType: 'limit', price: '100', quantity: '500' })
    const denied = await world.confirmed('s5-1-0', 'denied')
    expect(denied.reason).toEqual({
      code: 'NOTIONAL_ABOVE_LIMIT',
      text: 'NOTIONAL_ABOVE_LIMIT: control=C2 found=50000 limit=10000',
    })
    const [row] = await admin()`select count(*)::int as n from order_attempts where order_id = 's5-1-0'`
    expect(row?.n).toBe(0)
  })

  test('several intents of one decision are carried out in their order', async () => {
    await world.decide('s6', () => [
      { orderType: 'limit', price: '99', quantity: '0.002' },
      { orderType: 'limit', price: '99.1', quantity: '0.003' },
      { type: 'cancel', orderId: 's6-1-0' as never },
    ])
    await world.confirmed('s6-1-0', 'cancelled')
    const told = world.confirms.filter((one) => one.strategy === 's6').map((one) => `${one.orderId} ${one.type}`)
    expect(told).toEqual(['s6-1-0 accepted', 's6-1-1 accepted', 's6-1-0 cancelled'])
  })
})

test('an id that was made ahead is the one that would have been made, once', () => {
  const name = ['main', 'ahead-1-0', 1] as const
  const made = clOrdIdOf(...name)
  makeAhead('main', 'ahead-1-0')
  expect([clOrdIdOf(...name), clOrdIdOf(...name)]).toEqual([made, made])
  expect(clOrdIdOf('main', 'ahead-1-0', 2)).not.toBe(made)
})

test('an attempt that was settled is not opened again', async () => {
  await admin()`
    insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body,
      valid_until_us, created_us)
    values ('settled-1-0', 1, 'main', 'paper', 'place', 'settled', 1, 'rejected', '{}', 0, 0)`
  const set = (state: string) => admin()`update order_attempts set state = ${state} where order_id = 'settled-1-0'`
  await expect(set('persisted')).rejects.toThrow('attempt 1 of settled-1-0 was settled as rejected')
  expect((await set('accepted')).count).toBe(1)
})

describe('repeats and strangers', () => {
  test('a decision that is stored twice changes nothing the second time', async () => {
    await place('r1', { orderType: 'limit', price: '99' })
    await world.decide('r1', () => [{ orderType: 'limit', price: '99' }], { number: 1 })
    await world.decide('r1', () => [{ orderType: 'limit', price: '98.9' }], { number: 2 })
    await world.confirmed('r1-2-0', 'accepted')
    expect(world.confirms.filter((one) => one.orderId === 'r1-1-0')).toHaveLength(1)
    const [row] = await admin()`select count(*)::int as n from paper_requests r join order_attempts a using (cl_ord_id)
      where a.order_id = 'r1-1-0'`
    expect(row?.n).toBe(1)
  })

  test('a strategy cannot cancel what another one placed', async () => {
    await place('r2', { orderType: 'limit', price: '99.2' })
    await world.confirmed('r2-1-0', 'accepted')
    await place('r3', { type: 'cancel', orderId: 'r2-1-0' })
    await place('r3', { orderType: 'limit', price: '98.8' })
    await world.confirmed('r3-2-0', 'accepted')
    expect(await client.get('/orders/r2-1-0')).toMatchObject({ status: 'new' })
  })

  test('a poison message is a dead letter at once, alerted, and delays nobody', async () => {
    await world.bus.publish(subjects.signal('p1'), new TextEncoder().encode('{broken'))
    await world.bus.publish(subjects.signal('p2'), encodeJson({ schema: 1, kind: 'decision', strategy: 'p2' }))
    await place('p3', { orderType: 'limit', price: '99.3' })
    await world.confirmed('p3-1-0', 'accepted')
    await until('dead letters', async () => ((await world.bus.streamState('DLQ'))?.lastSequence ?? 0) >= 2)
    const letter = await world.bus.lastOnSubject('DLQ', 'dlq.ORDERS.orders')
    expect(new TextDecoder().decode(letter?.data)).toContain('signal.')
    await until(
      'alerts',
      async () => (await world.bus.lastOnSubject('ALERTS', 'alerts.warning.dead_letter')) !== undefined,
    )
  })
})

describe('the doors', () => {
  test('explain gives decision, checks, attempts and reports', async () => {
    const seen = await client.get<Record<string, never>>('/orders/s1-1-0/explain')
    expect(seen).toMatchObject({
      order: { orderId: 's1-1-0', status: 'filled', averagePrice: '100.1' },
      decision: { strategy: 's1', number: 1, kind: 'decision' },
      attempts: [{ attempt: 1, state: 'accepted' }],
    })
    const { reports, order } = seen as unknown as { reports: Confirm[]; order: OrderView }
    const venueOrderId = `paper-${order.clOrdId}`
    expect(reports).toMatchObject([
      { type: 'accepted', status: 'new', cumQuantity: '0', venueOrderId },
      { type: 'filled', status: 'filled', cumQuantity: '0.01', venueOrderId },
    ])
    expect(reports[0]?.atUs).toBeGreaterThanOrEqual(order.createdUs)
    const checks = (seen as unknown as { checks: { control: string; passed: boolean }[] }).checks
    expect(checks.every((one) => one.passed)).toBe(true)
    expect([...new Set(checks.map((one) => one.control))]).toEqual(
      expect.arrayContaining(['C1', 'C2', 'C3', 'C5', 'C6', 'C7', 'C11']),
    )
  })

  test('lists page by cursor without gaps or repeats', async () => {
    const all = await client.get<{ items: { orderId: string }[] }>('/orders?limit=500')
    const paged: string[] = []
    let path: string | undefined = '/orders?limit=3'
    while (path) {
      const page: { items: { orderId: string }[]; next?: string } = await client.get(path)
      paged.push(...page.items.map((one) => one.orderId))
      path = page.next && `/orders?limit=3&cursor=${encodeURIComponent(page.next)}`
    }
    expect(paged).toEqual(all.items.map((one) => one.orderId))
    expect(new Set(paged).size).toBe(paged.length)
    const fills = await client.get<{ items: unknown[]; next?: string }>('/fills?limit=1&strategy=s1')
    expect(fills.items).toHaveLength(1)
    await expect(client.get('/orders?limit=0')).rejects.toMatchObject({ code: 'invalid', field: 'query.limit' })
    await expect(client.get('/orders/nothing')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('a manual order flows as any other, and a person cancels anything', async () => {
    const body = {
      venue: 'sim',
      instrument: 'BTC-USDT',
      side: 'buy',
      quantity: '0.002',
      orderType: 'limit',
      price: '99',
    }
    const placed = await client.post<{ orderId: string }>('/orders', { ...body, by: 'me' })
    expect(await world.confirmed(placed.orderId, 'accepted')).toMatchObject({ strategy: 'manual', price: '99' })
    await client.delete(`/orders/${placed.orderId}?by=me`)
    await world.confirmed(placed.orderId, 'cancelled')
    await expect(client.post('/orders', { ...body, instrument: 'NOPE-USDT' })).rejects.toMatchObject({
      code: 'unknown_instrument',
      field: 'order.instrument',
    })
    await expect(client.post('/orders', { ...body, quantity: '-1' })).rejects.toMatchObject({ field: 'order.quantity' })
  })

  test('halting a strategy cancels what it has open, asks the venue, and denies what comes', async () => {
    await place('h1', { orderType: 'limit', price: '99.1' })
    await world.confirmed('h1-1-0', 'accepted')
    const halt = { scope: 'strategy.h1', state: 'halted', reason: 'a test of the switch', by: 'me' }
    expect(await client.post('/halts', halt)).toMatchObject({ state: 'halted', cancelled: { asked: 1, open: 0 } })
    await world.confirmed('h1-1-0', 'cancelled')
    await place('h1', { orderType: 'limit', price: '99.1' })
    expect((await world.confirmed('h1-2-0', 'denied')).reason?.code).toBe('TRADING_HALTED')
    await client.post('/halts', { ...halt, state: 'active', reason: 'over' })
    await place('h1', { orderType: 'limit', price: '99.1' })
    await world.confirmed('h1-3-0', 'accepted')
  })

  test('a halt that somebody else writes into the bucket holds as well', async () => {
    await place('h2', { orderType: 'limit', price: '99.1' })
    await world.confirmed('h2-1-0', 'accepted')
    const halts = await world.bus.kv('halts')
    const halt = { schema: 1, state: 'halted', reason: 'from the desk', by: 'desk', atUs: 1 }
    await halts.put('strategy.h2', encodeJson(halt))
    await world.confirmed('h2-1-0', 'cancelled')
    await place('h2', { orderType: 'limit', price: '99.1' })
    expect((await world.confirmed('h2-2-0', 'denied')).reason?.text).toContain('strategy.h2 (from the desk)')
  })
})

describe('time', () => {
  test('a signal that is too old is denied', async () => {
    const atUs = (Date.now() - 6000) * 1000 // tidy-ok: a given instant of the past
    await world.decide('t1', () => [{}], { atUs: atUs as never })
    expect((await world.confirmed('t1-1-0', 'denied')).reason?.code).toBe('SIGNAL_TOO_OLD')
  })
})
