import { describe, expect, test } from 'vitest'
import type { Instrument, Quote, Tick } from '@contrail/contracts'
import type { Approved, CancelRequest, PlaceRequest } from '../risk/gate.ts'
import type { VenueReport, VenueSettings } from './model.ts'
import { newMarket } from './paper.ts'
import type { PaperMarket as Market } from './paper.ts'
import {
  advance,
  amendOrder,
  cancelOrder,
  onQuote,
  onTick,
  placeOrder,
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
const SETTINGS: VenueSettings = { latencyUs: 0, liquidity: 'quoted' }

/** Tests stand in for the gate: the brand exists only for the type checker. */
const approved = <T>(request: T) => ({ request }) as Approved<T>
const request = (given: Partial<PlaceRequest>) =>
  approved<PlaceRequest>({
    kind: 'place',
    venue: 'sim',
    instrument: 'BTC-USDT',
    subAccount: 's1',
    side: 'buy',
    orderType: 'limit',
    quantity: '0.010',
    timeInForce: 'GTC',
    postOnly: false,
    reduceOnly: false,
    ...given,
  })
const quote = (atUs: number, bid: number, ask: number, bidQuantity = 0.02, askQuantity = 0.02): Quote =>
  ({ bid, bidQuantity, ask, askQuantity, venueTimeUs: atUs, receiveTimeUs: atUs }) as Quote
const tick = (atUs: number, price: number, quantity: number, side: Tick['side'] = 'unknown'): Tick =>
  ({ tradeId: `t${atUs}`, side, price, quantity, venueTimeUs: atUs, receiveTimeUs: atUs }) as Tick
const cancel = (origin: string) => approved<CancelRequest>({ kind: 'cancel', origin })

function market(settings: Partial<VenueSettings> = {}): Market {
  const made = newMarket(instrument, { ...SETTINGS, ...settings })
  onQuote(made, quote(1, 100, 100.1))
  return made
}
const tell = (report: VenueReport): string => {
  switch (report.type) {
    case 'filled':
      return `${report.origin} ${report.fill.liquidity} ${report.fill.quantity}@${report.fill.price} fee ${report.fill.fee}`
    case 'cancelled':
      return `${report.origin} cancelled`
    case 'replaced':
      return `${report.origin} replaced ${JSON.stringify(report.terms)}`
    default:
      return `${report.origin} ${report.type} ${report.reason.code}`
  }
}
const told = (made: Market): string[] => takeReports(made).map(tell)

describe('limit', () => {
  test('a marketable one takes the quote and rests with what is left', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100.2', quantity: '0.05' }), 2)
    expect(told(m)).toEqual(['a taker 0.02@100.1 fee 0.001001'])
    expect(m.orders.map((order) => [order.state, order.filled])).toEqual([['resting', 20]])
  })
  test('the next quote that crosses it fills it as maker at its own price', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '99.9' }), 2)
    onQuote(m, quote(3, 99.7, 99.8, 1, 0.004))
    onQuote(m, quote(4, 99.7, 99.9, 1, 1))
    expect(told(m)).toEqual(['a maker 0.004@99.9 fee 0.00007992', 'a maker 0.006@99.9 fee 0.00011988'])
  })
  test('a print through it fills no more than was traded', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '99.9' }), 2)
    onTick(m, tick(3, 99.8, 0.003, 'sell'))
    expect(told(m)).toEqual(['a maker 0.003@99.9 fee 0.00005994'])
  })
  test('at its price it waits until what was there before is done', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100' }), 2)
    onTick(m, tick(3, 100, 0.015, 'sell'))
    expect(told(m)).toEqual([])
    onTick(m, tick(4, 100, 0.007, 'buy'))
    expect(told(m)).toEqual([])
    onTick(m, tick(5, 100, 0.009, 'sell'))
    expect(told(m)).toEqual(['a maker 0.004@100 fee 0.00008'])
  })
  test('one print is shared in order of price, then time', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '99.8' }), 2)
    placeOrder(m, 'b', request({ price: '99.9' }), 3)
    placeOrder(m, 'c', request({ price: '99.9' }), 4)
    onTick(m, tick(5, 99.5, 0.025, 'sell'))
    expect(told(m).map((line) => line.slice(0, 14))).toEqual(['b maker 0.01@9', 'c maker 0.01@9', 'a maker 0.005@'])
  })
  test('post-only that would take is rejected', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100.1', postOnly: true }), 2)
    expect(told(m)).toEqual(['a rejected POST_ONLY_WOULD_TAKE'])
  })
  test('IOC: the rest expires; FOK: all or nothing', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100.1', quantity: '0.05', timeInForce: 'IOC' }), 2)
    expect(told(m)).toEqual(['a taker 0.02@100.1 fee 0.001001', 'a expired IOC_REST'])
    onQuote(m, quote(3, 100, 100.1))
    placeOrder(m, 'b', request({ price: '100.1', quantity: '0.021', timeInForce: 'FOK' }), 4)
    placeOrder(m, 'c', request({ price: '100.1', quantity: '0.02', timeInForce: 'FOK' }), 5)
    expect(told(m)).toEqual(['b expired FOK_NOT_WHOLE', 'c taker 0.02@100.1 fee 0.001001'])
  })
  test('GTD ends at its time, DAY at midnight UTC', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '99', timeInForce: 'GTD', expireAtUs: 50 as never }), 2)
    placeOrder(m, 'b', request({ price: '99', timeInForce: 'DAY' }), 3)
    advance(m, 49)
    expect(told(m)).toEqual([])
    advance(m, 50)
    advance(m, 86_399_999_999)
    expect(told(m)).toEqual(['a expired EXPIRED'])
    advance(m, 86_400_000_000)
    expect(told(m)).toEqual(['b expired EXPIRED'])
  })
})

describe('stop', () => {
  test('a print at the stop triggers it, and it takes what is shown until it is whole', () => {
    const m = market()
    placeOrder(m, 'a', request({ orderType: 'stop', stopPrice: '100.5', quantity: '0.03' }), 2)
    onTick(m, tick(3, 100.4, 1))
    expect(told(m)).toEqual([])
    onQuote(m, quote(4, 100.5, 100.6))
    onTick(m, tick(5, 100.5, 1))
    onQuote(m, quote(6, 100.7, 100.8))
    expect(told(m)).toEqual(['a taker 0.02@100.6 fee 0.001006', 'a taker 0.01@100.8 fee 0.000504'])
  })
  test('a stop-limit becomes a limit', () => {
    const m = market()
    placeOrder(m, 'a', request({ side: 'sell', orderType: 'stop_limit', stopPrice: '99', price: '99.5' }), 2)
    onTick(m, tick(3, 98.9, 1))
    expect(told(m)).toEqual(['a taker 0.01@100 fee 0.0005'])
  })
})

describe('cancel and amend', () => {
  test('a cancel ends it; a second or late one is refused', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '99' }), 2)
    expect(cancelOrder(m, 'x', cancel('a'), 3).outcome).toBe('accepted')
    expect(told(m)).toEqual(['a cancelled'])
    expect(cancelOrder(m, 'y', cancel('a'), 4)).toMatchObject({ reason: { code: 'UNKNOWN_ORDER' } })
  })
  test('with latency a fill may come first, and the cancel is then too late', () => {
    const m = market({ latencyUs: 10 })
    placeOrder(m, 'a', request({ price: '99' }), 2)
    advance(m, 12)
    cancelOrder(m, 'x', cancel('a'), 20)
    onTick(m, tick(25, 98, 1, 'sell'))
    expect(told(m)).toEqual(['a maker 0.01@99 fee 0.000198', 'a cancel_refused TOO_LATE_TO_CANCEL'])
  })
  test('an order reaches the market only after the latency', () => {
    const m = market({ latencyUs: 10 })
    placeOrder(m, 'a', request({ price: '101', timeInForce: 'IOC' }), 2)
    expect(told(m)).toEqual([])
    onQuote(m, quote(12, 100.4, 100.5))
    expect(told(m)).toEqual(['a taker 0.01@100.1 fee 0.0005005'])
  })
  test('less at the same price keeps the queue; another price meets the market again', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100' }), 2)
    onTick(m, tick(3, 100, 0.019, 'sell'))
    amendOrder(m, 'x', approved({ kind: 'amend', origin: 'a', terms: { quantity: '0.005', price: '100' } }), 4)
    expect(m.orders[0]?.queueAhead).toBe(1)
    amendOrder(m, 'y', approved({ kind: 'amend', origin: 'a', terms: { quantity: '0.005', price: '100.1' } }), 5)
    expect(told(m).slice(1)).toEqual([
      'a replaced {"quantity":"0.005","price":"100.1"}',
      'a taker 0.005@100.1 fee 0.00025025',
    ])
  })
  test('an amend below what is filled is refused, and ends the order: no more than that was wanted', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100.1', quantity: '0.03' }), 2)
    amendOrder(m, 'x', approved({ kind: 'amend', origin: 'a', terms: { quantity: '0.01', price: '100.1' } }), 3)
    expect(told(m).slice(-2)).toEqual(['a replace_refused AMEND_BELOW_FILLED', 'a cancelled'])
    expect(m.orders).toEqual([])
  })
  test('an amend to what is filled ends the order as filled, at those terms', () => {
    const m = market()
    placeOrder(m, 'a', request({ price: '100.1', quantity: '0.03' }), 2)
    amendOrder(m, 'x', approved({ kind: 'amend', origin: 'a', terms: { quantity: '0.02', price: '100.1' } }), 3)
    expect(told(m).at(-1)).toBe('a replaced {"quantity":"0.02","price":"100.1"}')
    expect(m.orders).toEqual([])
  })
  test('an amend on its way to an order that has filled is refused: nobody waits for it', () => {
    const m = market({ latencyUs: 10, liquidity: 'quoted' })
    placeOrder(m, 'a', request({ price: '100', quantity: '0.02' }), 2)
    onTick(m, tick(20, 101, 1, 'buy'))
    amendOrder(m, 'x', approved({ kind: 'amend', origin: 'a', terms: { quantity: '0.03', price: '100' } }), 21)
    onTick(m, tick(22, 99, 1, 'sell'))
    expect(told(m).slice(-2)).toEqual(['a maker 0.02@100 fee 0.0004', 'a replace_refused TOO_LATE_TO_AMEND'])
    expect(m.orders).toEqual([])
  })
})

test('reduce-only takes no more than the position of its sub-account', () => {
  const m = market()
  placeOrder(m, 'a', request({ price: '100.1', quantity: '0.005', timeInForce: 'IOC' }), 2)
  placeOrder(m, 'b', request({ side: 'sell', price: '100', quantity: '0.02', timeInForce: 'IOC', reduceOnly: true }), 3)
  placeOrder(m, 'c', request({ side: 'sell', price: '100', subAccount: 's2', reduceOnly: true }), 4)
  expect(told(m)).toEqual([
    'a taker 0.005@100.1 fee 0.00025025',
    'b taker 0.005@100 fee 0.00025',
    'b expired IOC_REST',
    'c expired REDUCE_ONLY',
  ])
})

test('a stop that may only reduce ends with the position: what is left of it does not take from the next one', () => {
  const m = market()
  placeOrder(m, 'a', request({ price: '100.1', quantity: '0.01', timeInForce: 'IOC' }), 2)
  const stop = { side: 'sell', orderType: 'stop', stopPrice: '99', reduceOnly: true } as const
  placeOrder(m, 'b', request({ ...stop, quantity: '0.01' }), 3)
  placeOrder(m, 'c', request({ side: 'sell', price: '100', quantity: '0.004', timeInForce: 'IOC' }), 4)
  onTick(m, tick(5, 99, 1))
  placeOrder(m, 'd', request({ price: '100.1', quantity: '0.01', timeInForce: 'IOC' }), 6)
  onQuote(m, quote(7, 100, 100.1))
  expect(told(m).filter((line) => line.startsWith('b'))).toEqual([
    'b taker 0.006@100 fee 0.0003',
    'b expired REDUCE_ONLY',
  ])
})

test('without quotes the last trade is what can be taken', () => {
  const m = newMarket(instrument, SETTINGS)
  expect(placeOrder(m, 'a', request({ price: '100', timeInForce: 'IOC' }), 1)).toMatchObject({
    reason: { code: 'NO_MARKET' },
  })
  onTick(m, tick(2, 100, 0.004))
  placeOrder(m, 'b', request({ price: '100', timeInForce: 'IOC' }), 3)
  expect(told(m)).toEqual(['b taker 0.004@100 fee 0.0002', 'b expired IOC_REST'])
})

test('unlimited liquidity fills any quantity at the best price', () => {
  const m = market({ liquidity: 'unlimited' })
  placeOrder(m, 'a', request({ price: '100.1', quantity: '50' }), 2)
  expect(told(m)).toEqual(['a taker 50@100.1 fee 2.5025'])
})

test('an order goes on from its row as if nothing had been', () => {
  const run = (restart: boolean) => {
    let m = market()
    placeOrder(m, 'a', request({ price: '100' }), 2)
    onTick(m, tick(3, 100, 0.015, 'sell'))
    if (restart) {
      const row = JSON.parse(JSON.stringify(m.orders[0])) as never
      m = market()
      onTick(m, tick(3, 100, 0.015, 'sell'))
      takeReports(m)
      restoreOrder(m, row)
    }
    onTick(m, tick(4, 100, 0.012, 'sell'))
    onTick(m, tick(5, 99, 1, 'sell'))
    return told(m)
  }
  expect(run(true)).toEqual(run(false))
  expect(run(false)).toHaveLength(2)
})
