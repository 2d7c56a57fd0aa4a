import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instrument, PlaceIntent } from '@contrail/contracts'
import { CONTROLS } from './controls.ts'
import { checkAmend, checkCancel, checkEntry, checkPlace } from './gate.ts'
import { LIMITS_DEFAULT, limitsFor, NOTIONAL_CEILING } from './limits.ts'
import { NO_EXPOSURE } from './view.ts'
import type { RiskView } from './view.ts'

const NOW = 1_000_000_000_000
const instrument = {
  venue: 'sim',
  instrument: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.1',
  lotSize: '0.001',
  minQuantity: '0.002',
  minNotional: '5',
  makerFeeBps: 2,
  takerFeeBps: 5,
} as Instrument
const VIEW: RiskView = {
  nowUs: NOW,
  scope: { tenant: 'main', account: 'paper', strategy: 's', venue: 'sim', instrument: 'BTC-USDT' },
  instrument,
  market: { bid: 99.9, ask: 100.1, last: 100, timeUs: NOW - 1_000_000, volume: undefined },
  halts: {},
  limits: LIMITS_DEFAULT,
  exposure: NO_EXPOSURE,
  recent: [],
  recentCancelsUs: [],
}
const LIMIT = {
  type: 'place',
  orderId: 's-1-0',
  venue: 'sim',
  instrument: 'BTC-USDT',
  side: 'buy',
  quantity: '1',
  orderType: 'limit',
  price: '100',
  timeInForce: 'GTC',
  postOnly: false,
  reduceOnly: false,
} as PlaceIntent
const MARKET = { ...LIMIT, orderType: 'market', price: undefined } as unknown as PlaceIntent
const TRAILING = { orderType: 'trailing_stop', price: undefined }
const trail = { ...TRAILING, trailingPercent: '1' }
const CHILD = { parent: 's-1-9' }
const EXIT = { side: 'sell', reduceOnly: true }
const ASKED = { decidedUs: NOW - 1_000_000 }
const recent = (agoUs: number, given: object = {}) => ({
  orderId: 'o',
  atUs: NOW - agoUs,
  strategy: 's',
  venue: 'sim',
  instrument: 'BTC-USDT',
  side: 'buy' as const,
  quantity: '1',
  price: '100',
  ...given,
})
const many = (count: number, given: object = {}) =>
  Array.from({ length: count }, () => recent(500_000, { price: '1', ...given }))
const code = (intent: object = {}, view: object = {}, asked = ASKED): string => {
  const verdict = checkPlace({ ...LIMIT, ...intent } as PlaceIntent, asked, { ...VIEW, ...view })
  return verdict.verdict === 'denied' ? verdict.reason.code : verdict.verdict
}
const halt = (key: string, state: 'halted' | 'reducing') => ({ halts: { [key]: { state, reason: 'r' } } })
const exposure = (given: object) => ({ exposure: { ...NO_EXPOSURE, ...given } })

describe('each control, just inside and just outside its limit', () => {
  const rows: [string, string, object, object?, { decidedUs: number }?][] = [
    ['C1 nothing halted', 'approved', {}],
    ['C1 platform halted', 'TRADING_HALTED', {}, halt('platform', 'halted')],
    ['C1 tenant halted', 'TRADING_HALTED', {}, halt('tenant.main', 'halted')],
    ['C1 account halted', 'TRADING_HALTED', {}, halt('account.paper', 'halted')],
    ['C1 strategy halted', 'TRADING_HALTED', {}, halt('strategy.s', 'halted')],
    ['C1 instrument halted', 'TRADING_HALTED', {}, halt('instrument.sim.BTC-USDT', 'halted')],
    ['C1 another strategy halted', 'approved', {}, halt('strategy.other', 'halted')],
    ['C1 reducing, it adds', 'REDUCING_ONLY', {}, halt('account.paper', 'reducing')],
    [
      'C1 reducing, it reduces',
      'approved',
      {},
      { ...halt('account.paper', 'reducing'), ...exposure({ position: -1 }) },
    ],
    [
      'C1 reducing, it turns',
      'REDUCING_ONLY',
      { quantity: '1.1' },
      { ...halt('platform', 'reducing'), ...exposure({ position: -1 }) },
    ],
    [
      'C1 reducing, what is open already reduces all',
      'REDUCING_ONLY',
      {},
      { ...halt('platform', 'reducing'), ...exposure({ position: -1, openBuys: 1 }) },
    ],
    ['C2 at the limit', 'approved', { quantity: '100', price: '100' }],
    ['C2 above', 'NOTIONAL_ABOVE_LIMIT', { quantity: '100.001', price: '100' }],
    ['C3 volume of 24 h', 'QUANTITY_ABOVE_LIMIT', { quantity: '1' }, { market: { ...VIEW.market, volume: 19 } }],
    ['C3 volume is enough', 'approved', { quantity: '1' }, { market: { ...VIEW.market, volume: 20 } }],
    ['C3 venue maximum', 'QUANTITY_ABOVE_LIMIT', {}, { limits: { ...LIMITS_DEFAULT, quantityMax: 0.5 } }],
    ['C4 at the collar', 'approved', { price: '102' }],
    ['C4 above', 'PRICE_OUTSIDE_COLLAR', { price: '102.1' }],
    ['C4 below', 'PRICE_OUTSIDE_COLLAR', { price: '97.9' }],
    ['C4 far from last', 'PRICE_FAR_FROM_LAST', { orderType: 'stop', price: undefined, stopPrice: '110.1' }],
    ['C4 stop-limit by its trigger', 'approved', { orderType: 'stop_limit', stopPrice: '105', price: '106' }],
    [
      'C4 stop-limit far from its trigger',
      'PRICE_OUTSIDE_COLLAR',
      { orderType: 'stop_limit', stopPrice: '105', price: '108' },
    ],
    ['C6 just fresh', 'approved', {}, { market: { ...VIEW.market, timeUs: NOW - 2_000_000 } }],
    ['C6 stale', 'MARKET_DATA_STALE', {}, { market: { ...VIEW.market, timeUs: NOW - 2_000_001 } }],
    ['C6 no data', 'MARKET_DATA_STALE', {}, { market: { ...VIEW.market, timeUs: undefined } }],
    ['C6 crossed', 'MARKET_CROSSED', {}, { market: { ...VIEW.market, bid: 100.1 } }],
    ['C7 just alive', 'approved', {}, {}, { decidedUs: NOW - 5_000_000 }],
    ['C7 too old', 'SIGNAL_TOO_OLD', {}, {}, { decidedUs: NOW - 5_000_001 }],
    ['C8 the same', 'DUPLICATE_ORDER', {}, { recent: [recent(1_999_999)] }],
    ['C8 the same in other digits', 'DUPLICATE_ORDER', { quantity: '1.000' }, { recent: [recent(10)] }],
    ['C8 of another strategy of the account', 'DUPLICATE_ORDER', {}, { recent: [recent(10, { strategy: 'x' })] }],
    ['C8 long ago', 'approved', {}, { recent: [recent(2_000_000)] }],
    ['C8 another side', 'approved', { side: 'sell' }, { recent: [recent(10)] }],
    ['C8 a trail behind the market order', 'approved', trail, { recent: [recent(10, { price: 'market' })] }],
    ['C8 the same trail', 'DUPLICATE_ORDER', trail, { recent: [recent(10, { price: 'trail 1%' })] }],
    ['C8 another price', 'approved', { price: '100.1' }, { recent: [recent(10)] }],
    ['C9 an UNKNOWN order stops growth', 'UNKNOWN_OUTSTANDING', {}, exposure({ unknown: 1 })],
    ['C9 what reduces may leave', 'approved', { side: 'sell' }, exposure({ unknown: 1, position: 2 })],
    ['C11 fifth in a second', 'approved', {}, { recent: many(4) }],
    ['C11 sixth in a second', 'STRATEGY_RATE_LIMITED', {}, { recent: many(5) }],
    [
      'C11 61st in a minute',
      'STRATEGY_RATE_LIMITED',
      {},
      { recent: Array.from({ length: 60 }, () => recent(30_000_000)) },
    ],
    ['C11 account', 'ACCOUNT_RATE_LIMITED', {}, { recent: many(20, { strategy: 'x' }) }],
    ['C16 unknown instrument', 'UNKNOWN_INSTRUMENT', {}, { instrument: undefined }],
    ['C16 limit without a price', 'ORDER_INCOMPLETE', { price: undefined }],
    ['C16 stop without a stop price', 'ORDER_INCOMPLETE', { orderType: 'stop', price: undefined }],
    ['C16 market with a price', 'ORDER_INCOMPLETE', { orderType: 'market' }],
    ['C16 GTD without a time', 'ORDER_INCOMPLETE', { timeInForce: 'GTD' }],
    ['C16 post-only IOC', 'ORDER_INCOMPLETE', { postOnly: true, timeInForce: 'IOC' }],
    ['C16 off tick', 'PRICE_OFF_TICK', { price: '100.05' }],
    ['C16 off lot', 'QUANTITY_OFF_LOT', { quantity: '1.0005' }],
    ['C16 below the minimum', 'QUANTITY_BELOW_MINIMUM', { quantity: '0.001' }],
    ['C16 notional below the minimum', 'NOTIONAL_BELOW_MINIMUM', { quantity: '0.049' }],
    ['C16 take-profit without a trigger', 'ORDER_INCOMPLETE', { orderType: 'take_profit', price: undefined }],
    ['C16 take-profit', 'approved', { orderType: 'take_profit', price: undefined, stopPrice: '101' }],
    [
      'C4 take-profit-limit by its trigger',
      'approved',
      { orderType: 'take_profit_limit', stopPrice: '95', price: '94' },
    ],
    ['C16 trailing without a distance', 'ORDER_INCOMPLETE', { orderType: 'trailing_stop', price: undefined }],
    ['C16 trailing', 'approved', { ...TRAILING, trailingPercent: '1' }],
    ['C16 trailing by both', 'ORDER_INCOMPLETE', { ...TRAILING, trailingPercent: '1', trailingOffset: '1' }],
    ['C16 trailing by all of it', 'ORDER_INCOMPLETE', { ...TRAILING, trailingPercent: '100' }],
    ['C16 a distance without a trailing stop', 'ORDER_INCOMPLETE', { trailingOffset: '1' }],
    ['C16 trailing off tick', 'PRICE_OFF_TICK', { ...TRAILING, trailingOffset: '0.05' }],
    ['C16 a child that cannot wait', 'ORDER_INCOMPLETE', { ...CHILD, timeInForce: 'IOC' }],
    ['C16 a market child', 'ORDER_INCOMPLETE', { ...CHILD, orderType: 'market', price: undefined }],
    ['C4 a child is a target', 'approved', { ...CHILD, price: '109' }],
    ['C4 a child far from last', 'PRICE_FAR_FROM_LAST', { ...CHILD, price: '111' }],
    ['C4 an exit may be far away', 'approved', { ...CHILD, ...EXIT, price: '150' }, exposure({ position: 1 })],
    [
      'C2 an exit is as large as its entry',
      'approved',
      { ...CHILD, ...EXIT, price: '20000' },
      exposure({ position: 1 }),
    ],
    [
      'C11 an exit is not cut off',
      'approved',
      { ...CHILD, ...EXIT },
      { recent: many(99), ...exposure({ position: 1 }) },
    ],
    ['C11 another child is', 'STRATEGY_RATE_LIMITED', CHILD, { recent: many(5) }],
    [
      'C19 an exit beyond its promise',
      'REDUCE_ONLY_EXCEEDS_POSITION',
      { ...CHILD, ...EXIT },
      exposure({ position: 0.5 }),
    ],
    ['C19 reduce-only within the position', 'approved', { side: 'sell', reduceOnly: true }, exposure({ position: 1 })],
    ['C19 beyond', 'REDUCE_ONLY_EXCEEDS_POSITION', { side: 'sell', reduceOnly: true }, exposure({ position: 0.999 })],
    ['C19 wrong side', 'REDUCE_ONLY_EXCEEDS_POSITION', { side: 'buy', reduceOnly: true }, exposure({ position: 1 })],
  ]
  test.each(rows)('%s: %s', (_name, expected, intent, view, asked) => {
    expect(code(intent, view, asked)).toBe(expected)
  })
})

test('the first control of the list that fails is the answer, and later ones are not reached', () => {
  const verdict = checkPlace({ ...LIMIT, price: '150' }, { decidedUs: 0 }, { ...VIEW, ...halt('platform', 'halted') })
  expect(verdict).toMatchObject({ verdict: 'denied', reason: { code: 'TRADING_HALTED' }, checks: [{ control: 'C1' }] })
})

test('a denial names control, value and limit; an approval says what it could not check', () => {
  const denied = checkPlace({ ...LIMIT, price: '102.1' }, ASKED, VIEW)
  expect(denied).toMatchObject({
    reason: { text: 'PRICE_OUTSIDE_COLLAR: control=C4 found=102.1 limit=±2 % of mid 100' },
  })
  const approved = checkPlace(LIMIT, ASKED, VIEW)
  expect(approved.checks.find((one) => one.control === 'C3')?.limit).toContain('volume of 24 h unknown')
})

test('C5: a market order leaves as a limit inside the band that ends at once', () => {
  const request = (intent: PlaceIntent, view = VIEW) => {
    const verdict = checkPlace(intent, ASKED, view)
    return verdict.verdict === 'approved' ? verdict.approved.request : verdict.reason
  }
  expect(request(MARKET)).toMatchObject({ orderType: 'limit', price: '100.5', timeInForce: 'IOC' })
  expect(request({ ...MARKET, side: 'sell' })).toMatchObject({ price: '99.5', timeInForce: 'IOC' })
  expect(request({ ...MARKET, timeInForce: 'FOK' })).toMatchObject({ timeInForce: 'FOK' })
  const tradesOnly = { ...VIEW, market: { ...VIEW.market, bid: undefined, ask: undefined, last: 33.33 } }
  expect(request(MARKET, tradesOnly)).toMatchObject({ price: '33.4' })
})

test('an entry is denied where one of its exits would be: no position without its stop', () => {
  const exit = { ...LIMIT, orderId: 's-1-1', side: 'sell', reduceOnly: true, parent: 's-1-0' } as PlaceIntent
  const stop = { ...exit, orderType: 'stop', price: undefined, stopPrice: '80' } as unknown as PlaceIntent
  const verdict = (...children: PlaceIntent[]) => {
    const answer = checkEntry(LIMIT, children, ASKED, VIEW)
    return answer.verdict === 'denied' ? answer.reason.text : answer.verdict
  }
  expect(verdict(exit, stop)).toBe('approved')
  expect(verdict({ ...exit, quantity: '1.001' })).toBe(
    'CHILD_DENIED: s-1-1 REDUCE_ONLY_EXCEEDS_POSITION: control=C19 found=1.001 limit=at most 1',
  )
  expect(verdict(exit, { ...stop, stopPrice: '80.05' as never })).toContain('PRICE_OFF_TICK')
  // Its links are no part of what is sent of the entry.
  const sent = checkEntry(LIMIT, [exit], ASKED, { ...VIEW, links: { oco: 'q1' } })
  expect(sent.verdict === 'approved' && sent.approved.request).toMatchObject({ kind: 'place', oco: 'q1' })
})

test('an amend is judged as the order that it makes, without itself', () => {
  const view = { ...VIEW, ...exposure({ position: 0, openBuys: 1 }), ...halt('strategy.s', 'reducing') }
  const held = { leaves: '1', filled: '0.5' }
  const verdict = (quantity: string, given: object = {}) => {
    const answer = checkAmend('q1', { ...LIMIT, quantity }, held, ASKED, { ...VIEW, ...given })
    return answer.verdict === 'denied' ? answer.reason.code : answer.verdict
  }
  expect(verdict('0.5')).toBe('AMEND_BELOW_FILLED')
  expect(verdict('2')).toBe('approved')
  expect(verdict('2', { recent: [recent(10, { quantity: '2' })] })).toBe('approved')
  expect(verdict('101')).toBe('NOTIONAL_ABOVE_LIMIT')
  expect(verdict('2', view)).toBe('REDUCING_ONLY')
})

test('cancels have their own share of the rate', () => {
  const view = (count: number) => ({
    ...VIEW,
    recent: many(100),
    recentCancelsUs: Array.from({ length: count }, () => NOW - 10),
  })
  expect(checkCancel('q1', view(9)).verdict).toBe('approved')
  expect(checkCancel('q1', view(10))).toMatchObject({ verdict: 'denied', reason: { code: 'CANCEL_RATE_LIMITED' } })
})

test('limits: a narrower scope can only tighten, and nothing passes the ceiling', () => {
  const table = {
    platform: { notionalMax: 1_000_000 },
    'account.paper': { notionalMax: 500, duplicateWindowUs: 0 },
    'strategy.s': { notionalMax: 700, tickAgeMaxUs: 9e9, duplicateWindowUs: 9_000_000 },
  }
  expect(limitsFor({ platform: { notionalMax: 1_000_000 } }, VIEW.scope).notionalMax).toBe(NOTIONAL_CEILING)
  expect(limitsFor(table, VIEW.scope)).toMatchObject({
    notionalMax: 500,
    tickAgeMaxUs: 2_000_000,
    duplicateWindowUs: 9_000_000,
  })
  expect(limitsFor(table, { ...VIEW.scope, account: 'other' }).notionalMax).toBe(700)
})

test('whatever is asked: what is approved breaks no limit', () => {
  const cents = (low: number, high: number) => fc.integer({ min: low, max: high }).map((n) => (n / 10).toFixed(1))
  const asked = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: fc.integer({ min: 1, max: 200_000 }).map((n) => (n / 1000).toFixed(3)),
    price: cents(900, 1100),
    reduceOnly: fc.boolean(),
    position: fc.integer({ min: -5, max: 5 }),
    openBuys: fc.integer({ min: 0, max: 3 }),
    openSells: fc.integer({ min: 0, max: 3 }),
    unknown: fc.integer({ min: 0, max: 1 }),
    state: fc.constantFrom('active' as const, 'reducing' as const, 'halted' as const),
    ageUs: fc.integer({ min: 0, max: 4_000_000 }),
    recent: fc.integer({ min: 0, max: 8 }),
  })
  fc.assert(
    fc.property(asked, (given) => {
      const { side, quantity, price, reduceOnly, position, openBuys, openSells, unknown, state, ageUs } = given
      const view: RiskView = {
        ...VIEW,
        market: { ...VIEW.market, timeUs: NOW - ageUs },
        halts: { platform: { state, reason: 'r' } },
        exposure: { position, openBuys, openSells, unknown },
        recent: many(given.recent),
      }
      const verdict = checkPlace({ ...LIMIT, side, quantity, price, reduceOnly }, ASKED, view)
      if (verdict.verdict === 'denied') return
      const room = side === 'buy' ? -position - openBuys : position - openSells
      expect(state).not.toBe('halted')
      expect(ageUs).toBeLessThanOrEqual(2_000_000)
      expect(Number(quantity) * Number(price)).toBeLessThanOrEqual(10_000)
      expect(Math.abs(Number(price) / 100 - 1)).toBeLessThanOrEqual(0.02 + 1e-9)
      expect(given.recent).toBeLessThan(5)
      if (state === 'reducing' || reduceOnly || unknown > 0) expect(Number(quantity)).toBeLessThanOrEqual(room + 1e-9)
    }),
    { numRuns: 5000 },
  )
})

test('every code stands for one control', () => {
  const controls = new Map(CONTROLS.map((one) => [one.code, one.control]))
  for (const one of CONTROLS) expect(controls.get(one.code)).toBe(one.control)
})
