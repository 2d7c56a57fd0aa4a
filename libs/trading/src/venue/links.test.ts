import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instrument, Quote, Tick } from '@contrail/contracts'
import type { AmendRequest, Approved, CancelRequest, PlaceRequest } from '../risk/gate.ts'
import type { VenueOrder, VenueReport, VenueSettings } from './model.ts'
import { newMarket } from './paper.ts'
import type { PaperMarket } from './paper.ts'
import {
  advance,
  amendOrder,
  cancelOrder,
  onQuote,
  onTick,
  placeOrder,
  rememberEnded,
  restoreOrder,
  takeReports,
} from './simulated.ts'

const instrument = {
  venue: 'sim',
  instrument: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.1',
  lotSize: '0.001',
  minQuantity: '0.001',
  minNotional: '0',
  makerFeeBps: 2,
  takerFeeBps: 5,
} as Instrument

const approved = <T>(request: T) => ({ request }) as Approved<T>
const request = (given: Partial<PlaceRequest>) =>
  approved<PlaceRequest>({
    kind: 'place',
    venue: 'sim',
    instrument: 'BTC-USDT',
    subAccount: 's1',
    side: 'sell',
    orderType: 'limit',
    quantity: '0.010',
    timeInForce: 'GTC',
    postOnly: false,
    reduceOnly: false,
    ...given,
  })
const cancel = (origin: string) => approved<CancelRequest>({ kind: 'cancel', origin })
const quote = (atUs: number, bid: number, ask: number, size = 1): Quote =>
  ({ bid, bidQuantity: size, ask, askQuantity: size, venueTimeUs: atUs, receiveTimeUs: atUs }) as Quote
const tick = (atUs: number, price: number, quantity = 1): Tick =>
  ({ tradeId: `t${atUs}`, side: 'unknown', price, quantity, venueTimeUs: atUs, receiveTimeUs: atUs }) as Tick

function market(settings: Partial<VenueSettings> = {}, size = 1): PaperMarket {
  const made = newMarket(instrument, { latencyUs: 0, liquidity: 'quoted', ...settings })
  onQuote(made, quote(1, 100, 100.1, size))
  return made
}
const tell = (report: VenueReport): string => {
  if (report.type === 'filled') return `${report.origin} ${report.side} ${report.fill.quantity}@${report.fill.price}`
  if (report.type === 'replaced') return `${report.origin} replaced`
  return `${report.origin} ${report.type}${report.reason ? ` ${report.reason.code}` : ''}`
}
const told = (made: PaperMarket): string[] => takeReports(made).map(tell)
const states = (made: PaperMarket) =>
  Object.fromEntries(made.orders.map((order) => [order.clOrdId, `${order.state} ${order.filled}/${order.quantity}`]))

/** Entry at the price, target 1 above, stop 1 below; all of it in the order in which a decision carries it. */
function bracket(made: PaperMarket, entry: Partial<PlaceRequest> = {}, atUs = 2): void {
  placeOrder(made, 'in', request({ side: 'buy', price: '100.1', ...entry }), atUs)
  const exit = { reduceOnly: true, parent: 'in' } as const
  placeOrder(made, 'target', request({ ...exit, price: '101' }), atUs)
  placeOrder(made, 'stop', request({ ...exit, orderType: 'stop', stopPrice: '99', oco: 'target' }), atUs)
}

describe('take-profit', () => {
  test('a sell works once the market is as high as its trigger, as a market order', () => {
    const m = market()
    placeOrder(m, 'a', request({ orderType: 'take_profit', stopPrice: '101' }), 2)
    onTick(m, tick(3, 100.9))
    onTick(m, tick(4, 99))
    expect(told(m)).toEqual([])
    onQuote(m, quote(5, 100.9, 101))
    onTick(m, tick(6, 101))
    expect(told(m)).toEqual(['a sell 0.01@100.9'])
  })
  test('a buy works once the market is as low; with a price it rests as a limit', () => {
    const m = market()
    placeOrder(m, 'a', request({ side: 'buy', orderType: 'take_profit_limit', stopPrice: '99', price: '98.9' }), 2)
    onQuote(m, quote(3, 98.9, 99))
    onTick(m, tick(4, 99))
    expect(states(m)).toEqual({ a: 'resting 0/10' })
    onQuote(m, quote(5, 98.8, 98.9))
    expect(told(m)).toEqual(['a buy 0.01@98.9'])
  })
})

describe('trailing stop', () => {
  test('follows the best price at its distance, never back, and sells when the market returns', () => {
    const m = market()
    placeOrder(m, 'a', request({ orderType: 'trailing_stop', trailingOffset: '0.5' }), 2)
    const stop = () => m.orders[0]?.stopPrice
    expect(stop()).toBe(995)
    onTick(m, tick(3, 102))
    onTick(m, tick(4, 101.6))
    expect(stop()).toBe(1015)
    onQuote(m, quote(5, 101.4, 101.5))
    onTick(m, tick(6, 101.5))
    expect(told(m)).toEqual(['a sell 0.01@101.4'])
  })
  test('by percent it is rounded away from the market; a buy follows downwards', () => {
    const m = market()
    placeOrder(m, 'a', request({ side: 'buy', orderType: 'trailing_stop', trailingPercent: '1.25' }), 2)
    // The opposite quote, 100.1, and 1.25 % of it is 1.25125.
    expect(m.orders[0]?.stopPrice).toBe(1014)
    onTick(m, tick(3, 90))
    expect(m.orders[0]?.stopPrice).toBe(912)
    onTick(m, tick(4, 91.2))
    expect(told(m)).toEqual(['a buy 0.01@100.1'])
  })
  test('before any price it has no stop yet', () => {
    const m = newMarket(instrument, { latencyUs: 0, liquidity: 'quoted' })
    placeOrder(m, 'a', request({ side: 'buy', orderType: 'trailing_stop', trailingOffset: '1' }), 1)
    expect(m.orders[0]?.stopPrice).toBe(0)
    onQuote(m, quote(2, 100, 100.1))
    expect(m.orders[0]?.stopPrice).toBe(1011)
    expect(told(m)).toEqual([])
  })
})

describe('OCO', () => {
  test('one fills, the other is cancelled in the same step', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '101' }), 2)
    placeOrder(m, 'b', request({ orderType: 'stop', stopPrice: '99', oco: 'a' }), 3)
    onTick(m, tick(4, 101.1))
    expect(told(m)).toEqual(['a sell 0.01@101', 'b cancelled OCO_FILLED'])
    expect(m.orders).toEqual([])
  })
  test('a part that fills is lost to the other', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '101' }), 2)
    placeOrder(m, 'b', request({ orderType: 'stop', stopPrice: '99', oco: 'a' }), 3)
    onTick(m, tick(4, 101.1, 0.004))
    onTick(m, tick(5, 98.9))
    expect(told(m)).toEqual([
      'a sell 0.004@101',
      'b sell 0.006@100',
      'a cancelled OCO_FILLED',
      'b cancelled OCO_FILLED',
    ])
  })
  test('amended to less than the other has filled, it has nothing left', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '101' }), 2)
    placeOrder(m, 'b', request({ orderType: 'stop', stopPrice: '99', oco: 'a' }), 3)
    onTick(m, tick(4, 101.1, 0.004))
    const terms = { quantity: '0.004', stopPrice: '99' }
    amendOrder(m, 'r', approved<AmendRequest>({ kind: 'amend', origin: 'b', terms }), 5)
    expect(told(m)).toEqual(['a sell 0.004@101', 'b replaced', 'b cancelled OCO_FILLED'])
    expect(states(m)).toEqual({ a: 'resting 4/10' })
  })
  test('sides may differ: a break-out either way', () => {
    const m = market()
    placeOrder(m, 'up', request({ side: 'buy', orderType: 'stop', stopPrice: '101' }), 2)
    placeOrder(m, 'down', request({ orderType: 'stop', stopPrice: '99', oco: 'up' }), 3)
    onTick(m, tick(4, 98.9))
    expect(told(m)).toEqual(['down sell 0.01@100', 'up cancelled OCO_FILLED'])
  })
  test('a cancel of one leaves the other: a stop is not lost with its target', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '101' }), 2)
    placeOrder(m, 'b', request({ orderType: 'stop', stopPrice: '99', oco: 'a' }), 3)
    cancelOrder(m, 'c', cancel('a'), 4)
    expect(told(m)).toEqual(['a cancelled'])
    expect(states(m)).toEqual({ b: 'waiting 0/10' })
  })
  test('one that comes after the other has filled is cancelled at once', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100' }), 2)
    expect(placeOrder(m, 'b', request({ orderType: 'stop', stopPrice: '99', oco: 'a' }), 3).outcome).toBe('accepted')
    expect(told(m)).toEqual(['a sell 0.01@100', 'b cancelled OCO_FILLED'])
  })
  test('a group whose first order never came is a group all the same', () => {
    const m = market()
    placeOrder(m, 'b', request({ orderType: 'stop', stopPrice: '99', oco: 'denied' }), 2)
    placeOrder(m, 'c', request({ orderType: 'trailing_stop', trailingOffset: '3', oco: 'denied' }), 3)
    onTick(m, tick(4, 98.9))
    expect(told(m)).toEqual(['b sell 0.01@100', 'c cancelled OCO_FILLED'])
  })
})

describe('OTO', () => {
  test('a child sleeps until its parent fills, and covers no more than that', () => {
    const m = market({}, 0.004)
    bracket(m)
    expect(told(m)).toEqual(['in buy 0.004@100.1'])
    expect(states(m)).toEqual({ in: 'resting 4/10', target: 'resting 0/10', stop: 'waiting 0/10' })
    onTick(m, tick(3, 101.1))
    expect(told(m)).toEqual(['target sell 0.004@101'])
    onQuote(m, quote(4, 100, 100.1))
    expect(told(m)).toEqual(['in buy 0.006@100.1'])
    onTick(m, tick(5, 98.9))
    expect(told(m)).toEqual(['stop sell 0.006@100', 'target cancelled OCO_FILLED', 'stop cancelled OCO_FILLED'])
    expect(m.orders).toEqual([])
  })
  test('a child ends with a parent that fills nothing', () => {
    const m = market()
    bracket(m, { price: '99' })
    expect(states(m)).toEqual({ in: 'resting 0/10', target: 'dormant 0/10', stop: 'dormant 0/10' })
    cancelOrder(m, 'c', cancel('in'), 4)
    expect(told(m)).toEqual(['in cancelled', 'target cancelled PARENT_ENDED', 'stop cancelled PARENT_ENDED'])
    expect(m.orders).toEqual([])
  })
  test('a stop that is reached between two fills of its parent takes the second one out again', () => {
    const m = market({}, 0.004)
    bracket(m)
    onTick(m, tick(3, 101.1))
    onTick(m, tick(4, 98.9))
    onQuote(m, quote(5, 99.9, 100))
    onQuote(m, quote(6, 99.9, 100))
    expect(told(m)).toEqual([
      'in buy 0.004@100.1',
      'target sell 0.004@101',
      'in buy 0.006@100.1',
      // The first bid is still the one of the start.
      'stop sell 0.004@100',
      'stop sell 0.002@99.9',
      'target cancelled OCO_FILLED',
      'stop cancelled OCO_FILLED',
    ])
  })
  test('a dormant child can be cancelled, and expires', () => {
    const m = market()
    placeOrder(m, 'in', request({ side: 'buy', price: '99' }), 2)
    placeOrder(m, 'a', request({ price: '101', parent: 'in' }), 2)
    placeOrder(m, 'b', request({ price: '101', parent: 'in', timeInForce: 'GTD', expireAtUs: 9 as never }), 2)
    cancelOrder(m, 'c', cancel('a'), 4)
    advance(m, 10)
    expect(told(m)).toEqual(['a cancelled', 'b expired EXPIRED'])
  })
  test('a parent that ends with a part leaves its child with that part', () => {
    const m = market({}, 0.004)
    bracket(m, { timeInForce: 'IOC' })
    expect(told(m)).toEqual(['in buy 0.004@100.1', 'in expired IOC_REST'])
    onTick(m, tick(3, 101.1))
    expect(told(m)).toEqual([
      'target sell 0.004@101',
      'stop cancelled OCO_FILLED',
      'target cancelled PARENT_PARTLY_FILLED',
    ])
  })
  test('a child that comes after a parent ended without a fill is refused, as is one without a parent', () => {
    const m = market()
    placeOrder(m, 'in', request({ side: 'buy', price: '99', timeInForce: 'IOC' }), 2)
    const refused = (parent: string) => placeOrder(m, 'x', request({ price: '101', parent }), 3)
    expect(refused('in')).toMatchObject({ outcome: 'rejected', reason: { code: 'PARENT_ENDED' } })
    expect(refused('nobody')).toMatchObject({ outcome: 'rejected', reason: { code: 'PARENT_UNKNOWN' } })
  })
  test('with latency the children are under way together with their parent', () => {
    const m = market({ latencyUs: 10 })
    bracket(m)
    expect(states(m)).toEqual({ in: 'inbound 0/10', target: 'inbound 0/10', stop: 'inbound 0/10' })
    advance(m, 12)
    expect(told(m)).toEqual(['in buy 0.01@100.1'])
    expect(states(m)).toEqual({ target: 'resting 0/10', stop: 'waiting 0/10' })
  })
  test('rows and what is remembered carry it across a restart', () => {
    const first = market({}, 0.004)
    bracket(first, { timeInForce: 'IOC' })
    onTick(first, tick(3, 101.1, 0.001))
    const second = newMarket(instrument, { latencyUs: 0, liquidity: 'quoted' })
    second.positions.set('s1', 3)
    for (const order of first.orders) restoreOrder(second, JSON.parse(JSON.stringify(order)) as VenueOrder)
    onQuote(second, quote(4, 99, 99.1))
    onTick(second, tick(5, 98.9))
    expect(told(second)).toEqual(['stop sell 0.003@99', 'target cancelled OCO_FILLED', 'stop cancelled OCO_FILLED'])
  })
  test('a parent that ended before the restart is known to a child that comes after it', () => {
    const m = market()
    rememberEnded(m, { clOrdId: 'in', filled: 7, oco: '' } as VenueOrder)
    m.positions.set('s1', 7)
    placeOrder(m, 'stop', request({ orderType: 'stop', stopPrice: '100', reduceOnly: true, parent: 'in' }), 2)
    expect(told(m)).toEqual(['stop sell 0.007@100', 'stop cancelled PARENT_PARTLY_FILLED'])
  })
})

describe('whatever the market does', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('tick' as const),
      price: fc.integer({ min: 960, max: 1040 }),
      lots: fc.integer({ min: 1, max: 12 }),
    }),
    fc.record({
      kind: fc.constant('quote' as const),
      price: fc.integer({ min: 960, max: 1040 }),
      lots: fc.integer({ min: 1, max: 12 }),
    }),
    fc.record({ kind: fc.constant('cancel' as const), price: fc.integer({ min: 0, max: 3 }), lots: fc.constant(1) }),
  )
  const NAMES = ['in', 'target', 'stop', 'trail']
  const run = (m: PaperMarket, steps: readonly { kind: string; price: number; lots: number }[], look: () => void) => {
    let atUs = 10
    for (const { kind, price, lots } of steps) {
      atUs += 5
      if (kind === 'tick') onTick(m, tick(atUs, price / 10, lots / 1000))
      else if (kind === 'quote') onQuote(m, quote(atUs, price / 10, (price + 1) / 10, lots / 1000))
      else cancelOrder(m, `c${atUs}`, cancel(NAMES[price] as string), atUs)
      look()
    }
  }

  test('a bracket never sells before it has bought, nor more; what is left of it in the end is flat', () => {
    const entry = fc.record({
      price: fc.constantFrom('99', '100.1', '103'),
      latencyUs: fc.constantFrom(0, 7),
      trail: fc.boolean(),
    })
    fc.assert(
      fc.property(entry, fc.array(step, { maxLength: 60 }), ({ price, latencyUs, trail }, steps) => {
        const m = market({ latencyUs }, 0.003)
        let [bought, sold] = [0, 0]
        const look = () => {
          for (const report of takeReports(m)) {
            if (report.type !== 'filled') continue
            const lots = Math.round(Number(report.fill.quantity) * 1000)
            if (report.origin === 'in') bought += lots
            else sold += lots
            // In the order of the reports, not only in the end.
            expect(sold).toBeLessThanOrEqual(bought)
          }
          expect(m.positions.get('s1') ?? 0).toBe(bought - sold)
        }
        bracket(m, { price })
        if (trail) {
          const more = {
            orderType: 'trailing_stop',
            trailingPercent: '1',
            reduceOnly: true,
            parent: 'in',
            oco: 'target',
          } as const
          placeOrder(m, 'trail', request(more), 2)
        }
        run(
          m,
          steps.filter((each) => each.kind !== 'cancel'),
          look,
        )
        // Nothing is bought any more; then the market falls through the stop with all the size there is.
        cancelOrder(m, 'end', cancel('in'), 5_000)
        for (const atUs of [6_000, 6_100, 6_200]) {
          onQuote(m, quote(atUs, 50, 50.1, 10))
          onTick(m, tick(atUs + 10, 50, 10))
          look()
        }
        expect([bought - sold, m.orders.length]).toEqual([0, 0])
      }),
      { numRuns: 150 },
    )
  })

  test('a group never fills more than the largest of it asked for, cancels and all', () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
    )
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 60 }), (lots, steps) => {
        const m = market({}, 0.002)
        const quantity = (i: number) => `0.0${String(lots[i]).padStart(2, '0')}`
        placeOrder(m, 'target', request({ quantity: quantity(0), price: '101' }), 2)
        placeOrder(m, 'stop', request({ quantity: quantity(1), orderType: 'stop', stopPrice: '99', oco: 'target' }), 2)
        const trail = { orderType: 'trailing_stop', trailingOffset: '0.8', oco: 'target' } as const
        placeOrder(m, 'trail', request({ quantity: quantity(2), ...trail }), 2)
        let filled = 0
        run(m, steps, () => {
          for (const report of takeReports(m))
            if (report.type === 'filled') filled += Math.round(Number(report.fill.quantity) * 1000)
          expect(filled).toBeLessThanOrEqual(Math.max(...lots))
        })
      }),
      { numRuns: 150 },
    )
  })
})
