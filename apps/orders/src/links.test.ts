import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ORDER_TYPES } from '@contrail/contracts'
import type { PlaceIntent } from '@contrail/contracts'
import type { Running } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { venueLacks } from './account/links.ts'
import { ordersWorld } from './testing.ts'
import type { OrdersWorld } from './testing.ts'

let world: OrdersWorld
let orders: Running
let beat: NodeJS.Timeout
let [bid, ask] = [100, 100.1]

const options = () => ({
  ordersLimits: JSON.stringify({
    platform: { duplicateWindowUs: 0, strategyPerSecond: 1000, accountPerSecond: 1000 },
  }),
  ordersReconcileMs: 200,
})

beforeAll(async () => {
  world = await ordersWorld()
  await world.quote(bid, ask)
  await world.tick(bid, 1)
  orders = await world.startOrders(options())
  beat = setInterval(() => void world.quote(bid, ask).catch(() => undefined), 200)
})
afterAll(async () => {
  clearInterval(beat)
  await world?.stop()
})

const admin = () => world.databases.open('admin', 'trade').sql
type Given = Partial<PlaceIntent> & Record<string, unknown>
const decide = (strategy: string, intents: Given[]) => world.decide(strategy, () => intents as never)
const told = (orderId: string) =>
  world.confirms.filter((one) => one.orderId === orderId).map((one) => [one.type, one.reason?.code].join(' ').trim())

/** Entry, target and stop of one decision, as a strategy's bracket puts them. */
const bracket = (strategy: string, entry: Given = {}): Given[] => {
  const exit = { side: 'sell', reduceOnly: true, parent: `${strategy}-1-0` as never } as const
  return [
    { side: 'buy', ...entry },
    { ...exit, orderType: 'limit', price: '103' },
    { ...exit, orderType: 'stop', stopPrice: '98', oco: `${strategy}-1-1` as never },
  ]
}

describe('a bracket', () => {
  test('its exits are there with the fill of its entry; the target fills, the stop goes', async () => {
    await decide('b1', bracket('b1'))
    await world.confirmed('b1-1-0', 'filled')
    await world.confirmed('b1-1-1', 'accepted')
    await world.confirmed('b1-1-2', 'accepted')
    await world.tick(103.1, 1, 'buy')
    expect(await world.confirmed('b1-1-1', 'filled')).toMatchObject({ status: 'filled', cumQuantity: '0.01' })
    expect(await world.confirmed('b1-1-2', 'cancelled')).toMatchObject({ status: 'cancelled', cumQuantity: '0' })
    expect(told('b1-1-2')).toEqual(['accepted', 'cancelled OCO_FILLED'])
    await world.tick(100, 0.001)
  })

  test('an entry that rests keeps its exits asleep, and takes them along when it is cancelled', async () => {
    await decide('b2', bracket('b2', { orderType: 'limit', price: '99' }))
    await world.confirmed('b2-1-2', 'accepted')
    const rows = await admin()`select state ->> 'state' as state, order_type, oco is null as first from paper_orders
      where state ->> 'subAccount' = 'b2' order by updated_us, order_type`
    expect(rows.map((row) => [row['state'], row['order_type'], row['first']])).toEqual([
      ['resting', 'limit', true],
      ['dormant', 'limit', true],
      ['dormant', 'stop', false],
    ])
    await world.decide('b2', () => [{ type: 'cancel', orderId: 'b2-1-0' as never }])
    await world.confirmed('b2-1-0', 'cancelled')
    expect((await world.confirmed('b2-1-1', 'cancelled')).reason?.code).toBe('PARENT_ENDED')
    expect((await world.confirmed('b2-1-2', 'cancelled')).reason?.code).toBe('PARENT_ENDED')
  })

  test('an entry that is denied takes its exits along: none of them is sent', async () => {
    await decide('b3', bracket('b3', { orderType: 'limit', price: '100', quantity: '500' }))
    const denied = await world.confirmed('b3-1-2', 'denied')
    expect(denied.reason?.code).toBe('PARENT_ENDED')
    expect(told('b3-1-1')).toEqual(['denied PARENT_ENDED'])
    const [row] = await admin()`select count(*)::int as n from order_attempts where order_id like 'b3-%'`
    expect(row?.['n']).toBe(0)
  })

  test('an entry whose stop would be denied is denied itself', async () => {
    const [entry, target, stop] = bracket('b5') as [Given, Given, Given]
    await decide('b5', [entry, target, { ...stop, stopPrice: '98.05' }])
    const denied = await world.confirmed('b5-1-0', 'denied')
    expect(denied.reason?.text).toMatch(/^CHILD_DENIED: b5-1-2 PRICE_OFF_TICK/)
    await world.confirmed('b5-1-2', 'denied')
    expect(told('b5-1-1')).toEqual(['denied PARENT_ENDED'])
  })

  test('exits count for nothing while they sleep, and the entry’s size is room for them', async () => {
    // Not reduce-only: only the promise of its parent's fill lets the gate pass it where the account is reducing.
    const exit = { side: 'sell', parent: 'b4-1-0' as never, orderType: 'limit', price: '103' } as const
    await decide('b4', [{ side: 'buy', orderType: 'limit', price: '99' }, exit, { ...exit, reduceOnly: true }])
    expect(await world.confirmed('b4-1-2', 'accepted')).toMatchObject({ status: 'new' })
    await decide('b4', [{ side: 'sell', orderType: 'limit', price: '101', reduceOnly: true }])
    expect((await world.confirmed('b4-2-0', 'denied')).reason?.code).toBe('REDUCE_ONLY_EXCEEDS_POSITION')
  })
})

describe('hanging on an order of before', () => {
  test('a child of an order that filled before a restart is taken up by the books', async () => {
    await decide('h1', [{ side: 'buy' }])
    await world.confirmed('h1-1-0', 'filled')
    await orders.stop()
    orders = await world.startOrders(options())
    const exit = { side: 'sell', reduceOnly: true, parent: 'h1-1-0' as never } as const
    await decide('h1', [{ ...exit, orderType: 'trailing_stop', trailingPercent: '1' }])
    await world.confirmed('h1-2-0', 'accepted')
    await world.tick(102, 0.001)
    await world.tick(100.9, 0.001)
    expect(await world.confirmed('h1-2-0', 'filled')).toMatchObject({ status: 'filled', orderType: 'trailing_stop' })
    await world.tick(100, 0.001)
  })

  test('a bracket that sleeps goes on sleeping after a restart, and wakes with its entry', async () => {
    await decide('h5', bracket('h5', { orderType: 'limit', price: '99' }))
    await world.confirmed('h5-1-2', 'accepted')
    await orders.stop()
    orders = await world.startOrders(options())
    await world.tick(98.9, 1, 'sell')
    await world.confirmed('h5-1-0', 'filled')
    await world.tick(103.1, 1, 'buy')
    await world.confirmed('h5-1-1', 'filled')
    expect((await world.confirmed('h5-1-2', 'cancelled')).reason?.code).toBe('OCO_FILLED')
    await world.tick(100, 0.001)
  })

  test('what an ended order of a group filled before a restart is lost to those that come after it', async () => {
    const oco = 'h6-1-0' as never
    await decide('h6', [
      { orderType: 'limit', price: '98.5' },
      { orderType: 'limit', price: '99.5', oco },
    ])
    await world.confirmed('h6-1-1', 'accepted')
    await world.tick(99.4, 0.004, 'sell')
    expect(await world.confirmed('h6-1-1', 'filled')).toMatchObject({ cumQuantity: '0.004' })
    await decide('h6', [{ type: 'cancel', orderId: 'h6-1-1' } as never])
    await world.confirmed('h6-1-1', 'cancelled')
    await orders.stop()
    orders = await world.startOrders(options())
    await decide('h6', [{ orderType: 'limit', price: '98.6', oco }])
    await world.confirmed('h6-3-0', 'accepted')
    await world.tick(98.4, 1, 'sell')
    const sql = admin()
    const open = async () => (await sql`select 1 from orders where strategy = 'h6' and open`).length
    await until('all of it is over', async () => (await open()) === 0)
    const [row] = await sql`select trim_scale(sum(quantity)) as filled from fills where strategy = 'h6'`
    expect(row).toEqual({ filled: '0.01' })
    await world.tick(100, 0.001)
  })

  test('what is not there, or of another strategy, is no parent and no group', async () => {
    await decide('h2', [{ side: 'sell', orderType: 'stop', stopPrice: '98', parent: 'h1-1-0' as never }])
    expect((await world.confirmed('h2-1-0', 'denied')).reason?.code).toBe('PARENT_UNKNOWN')
    await decide('h2', [{ side: 'sell', orderType: 'stop', stopPrice: '98', oco: 'h9-1-0' as never }])
    expect((await world.confirmed('h2-2-0', 'denied')).reason?.code).toBe('OCO_UNKNOWN')
  })

  test('an incomplete order of the new kinds is denied by name', async () => {
    await decide('h3', [
      { orderType: 'trailing_stop' },
      { orderType: 'take_profit' },
      { orderType: 'trailing_stop', trailingOffset: '0.05' },
    ])
    expect((await world.confirmed('h3-1-0', 'denied')).reason).toMatchObject({ code: 'ORDER_INCOMPLETE' })
    expect((await world.confirmed('h3-1-1', 'denied')).reason).toMatchObject({ code: 'ORDER_INCOMPLETE' })
    expect((await world.confirmed('h3-1-2', 'denied')).reason).toMatchObject({ code: 'PRICE_OFF_TICK' })
  })

  test('a take-profit order fills when its trigger is reached', async () => {
    await decide('h4', [{ side: 'sell', orderType: 'take_profit', stopPrice: '101' }])
    await world.confirmed('h4-1-0', 'accepted')
    await world.tick(101, 0.001)
    expect(await world.confirmed('h4-1-0', 'filled')).toMatchObject({ status: 'filled', stopPrice: '101' })
    await world.tick(100, 0.001)
  })
})

test('a venue that lacks a kind of order, or orders that hang on others, is not asked', () => {
  const takes = { orderTypes: new Set(ORDER_TYPES.slice(0, 4)), links: false }
  const intent = (given: object) => given as PlaceIntent
  expect(venueLacks(takes, 'spot', intent({ orderType: 'stop_limit' }))).toBeUndefined()
  expect(venueLacks(takes, 'spot', intent({ orderType: 'trailing_stop' }))).toEqual({
    code: 'VENUE_LACKS_ORDER_TYPE',
    text: 'VENUE_LACKS_ORDER_TYPE: spot has no trailing_stop orders',
  })
  expect(venueLacks(takes, 'spot', intent({ orderType: 'limit', oco: 'a-1-0' }))?.code).toBe('VENUE_LACKS_LINKS')
})
