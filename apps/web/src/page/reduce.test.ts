import { expect, test } from 'vitest'
import type { AlertView, CandleView, FillView, OrderView, StreamEvents, Us } from '@contrail/contracts'
import { markersOf } from './markers.ts'
import { EMPTY } from './model.ts'
import type { Model } from './model.ts'
import { answeredOrders, mergeAlerts, mergeFills, mergeOrders, ORDERS_MAX, reduce } from './reduce.ts'

const report = (change: object = {}): StreamEvents['report'] =>
  ({
    reportId: '1',
    type: 'accepted',
    tenant: 'main',
    account: 'paper',
    strategy: 'sma',
    orderId: 'sma-1-0',
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: 'buy',
    orderType: 'market',
    quantity: '1',
    status: 'new',
    cumQuantity: '0',
    leavesQuantity: '1',
    atUs: 100,
    sequence: 1,
    ...change,
  }) as unknown as StreamEvents['report']
const filled = report({
  type: 'filled',
  status: 'filled',
  cumQuantity: '1',
  leavesQuantity: '0',
  atUs: 200,
  fill: { tradeId: 't1', quantity: '1', price: '10', fee: '0', feeAsset: 'USDT', liquidity: 'taker', venueTimeUs: 190 },
})
const after = (events: StreamEvents['report'][], from: Model = EMPTY): Model =>
  events.reduce((model, event) => reduce(model, 'report', event), from)

test('reports become one order and one fill, however often they come', () => {
  const model = after([report(), filled, filled])
  expect(model.orders).toHaveLength(1)
  expect(model.orders?.[0]).toMatchObject({ status: 'filled', cumQuantity: '1', createdUs: 100, updatedUs: 200 })
  expect(model.fills).toHaveLength(1)
})

test('an older state never covers a newer one', () => {
  expect(after([filled, report()]).orders?.[0]?.status).toBe('filled')
})

test('an answer of REST and reports of meanwhile are one list', () => {
  const [known] = after([filled]).orders as [OrderView]
  const old = { ...known, status: 'new', updatedUs: 150, averagePrice: null } as OrderView
  expect(mergeOrders([known], [old])).toEqual([known])
  const late = { ...known, averagePrice: '10.5' }
  expect(mergeOrders([known], [late])[0]?.averagePrice).toBe('10.5')
})

test('an order that may still fill stays on the page however many came after it', () => {
  const later = Array.from({ length: 300 }, (_, n) =>
    report({ type: 'filled', status: 'filled', orderId: `sma-${n + 2}-0`, atUs: 1_000 + n }),
  )
  const { orders } = after([report(), ...later])
  expect(orders).toHaveLength(ORDERS_MAX + 1)
  expect(orders?.at(-1)).toMatchObject({ orderId: 'sma-1-0', status: 'new' })
})

test('an answer of REST brings the open orders that are old, and takes those away that ended unseen', () => {
  const [resting] = after([report()]).orders as [OrderView]
  const older = { ...resting, orderId: 'sma-0-0', createdUs: 1 } as OrderView
  const fresh = { ...resting, orderId: 'sma-9-0', createdUs: 900 } as OrderView
  expect(answeredOrders([], [], { recent: [resting], open: [resting, older] })).toEqual([resting, older])
  // One came while the answer was on its way: it is not in it, and stays.
  expect(answeredOrders([fresh, resting, older], [resting, older], { recent: [], open: [older] })).toEqual([
    fresh,
    older,
  ])
})

test('orders are newest first and bounded', () => {
  const many = Array.from({ length: 300 }, (_, n) =>
    report({ type: 'filled', status: 'filled', orderId: `sma-${n}-0`, atUs: n }),
  )
  const { orders } = after(many)
  expect(orders).toHaveLength(ORDERS_MAX)
  expect(orders?.[0]?.orderId).toBe('sma-299-0')
})

test('two venues may use one trade id', () => {
  const [fill] = after([filled]).fills as [FillView]
  expect(mergeFills([fill], [{ ...fill, orderId: 'other-1-0' } as FillView])).toHaveLength(2)
})

test('an older decision does not replace a newer one', () => {
  const decision = { strategy: 'sma', epoch: 1, number: 5, reasons: {}, intents: [] }
  const model = reduce(EMPTY, 'decision', decision as never)
  expect(reduce(model, 'decision', { ...decision, number: 4 } as never)).toBe(model)
  expect(reduce(model, 'decision', { ...decision, number: 6 } as never).decisions['sma']?.number).toBe(6)
})

test('an equity point is taken once and only when newer', () => {
  const from = { ...EMPTY, equity: [{ atUs: 5, account: 'paper', currency: 'USDT', equity: '1' }] } as unknown as Model
  const point = { atUs: 5, account: 'paper', currency: 'USDT', equity: '2' }
  expect(reduce(from, 'equity', point as never)).toBe(from)
  expect(reduce(from, 'equity', { ...point, atUs: 6 } as never).equity).toHaveLength(2)
})

test('an unknown event changes nothing', () => {
  expect(reduce(EMPTY, 'gossip' as never, {} as never)).toBe(EMPTY)
})

test('fills of one bar and side are one marker, at the bar before where there is none', () => {
  const bars = [0, 60, 240].map((second) => ({ openTimeUs: second * 1e6 }) as CandleView)
  const fill = (second: number, side: string, orderId: string) =>
    ({ venueTimeUs: second * 1e6, side, orderId }) as unknown as FillView
  const fills = [fill(61, 'buy', 'a'), fill(62, 'buy', 'b'), fill(63, 'sell', 'c'), fill(200, 'sell', 'd')]
  const look = { up: '#0f0', down: '#f00' }
  const markers = markersOf([...fills, fill(-5, 'buy', 'before')], bars, look)
  expect(markers.map(({ time, id, shape, text }) => [time, id, shape, text])).toEqual([
    [60, 'a', 'arrowUp', '×2'],
    [60, 'c', 'arrowDown', '×2'],
  ])
})

test('a halt that is gone leaves the list, a resumed one stays as it was said', () => {
  const halted = { scope: 'platform', state: 'halted', reason: 'odd', by: 'me', atUs: 1 as Us } as const
  const model = reduce(EMPTY, 'halt', halted)
  expect(model.halts).toEqual({ platform: halted })
  expect(reduce(model, 'halt', { ...halted, state: 'active' }).halts['platform']?.state).toBe('active')
  expect(reduce(model, 'halt', { scope: 'platform', state: 'active' }).halts).toEqual({})
})

test('alerts are newest first and each once, by the stream and by REST, also when the stream was made anew', () => {
  const alert = (sequence: number, atUs: number) => ({ sequence, atUs, text: `${sequence}` }) as unknown as AlertView
  const model = [alert(1, 10), alert(2, 20)].reduce((all, one) => reduce(all, 'alert', one), EMPTY)
  const all = mergeAlerts(model.alerts, [alert(2, 20), alert(1, 10), alert(1, 30)])
  expect(all.map(({ sequence, atUs }) => [sequence, atUs])).toEqual([[1, 30], [2, 20], [1, 10]]) // prettier-ignore
})
