import { expect, test } from 'vitest'
import { QuoteFilter, TickFilter } from './filter.ts'

const tick = (change: Partial<{ tradeId: string; price: number; quantity: number; venueTimeUs: number }> = {}) => ({
  tradeId: '',
  price: 100,
  quantity: 1,
  venueTimeUs: 1_000_000_000,
  ...change,
})

test.each([
  ['not_a_number', { price: NaN }],
  ['not_a_number', { price: Infinity }],
  ['not_a_number', { quantity: NaN }],
  ['not_a_number', { venueTimeUs: NaN }],
  ['price_not_positive', { price: 0 }],
  ['price_not_positive', { price: -1 }],
  ['quantity_not_positive', { quantity: 0 }],
  ['price_absurd', { price: 301 }],
  ['price_absurd', { price: 33 }],
  ['time_back', { venueTimeUs: 994_999_999 }],
] as const)('%s: %o', (reason, change) => {
  const filter = new TickFilter()
  expect(filter.check(tick()).ok).toBe(true)
  expect(filter.check(tick(change))).toEqual({ ok: false, reason })
  expect(filter.refused).toEqual({ [reason]: 1 })
  expect(filter.accepted).toBe(1)
})

test('a large move inside the factor goes through, and the median follows it', () => {
  const filter = new TickFilter()
  let price = 100
  for (let i = 0; i < 200; i++) expect(filter.check(tick({ price: (price *= 1.05) })).ok).toBe(true)
})

test('absurd prices that agree with each other become the new level; ones that do not never do', () => {
  const filter = new TickFilter({ agreeingMin: 3 })
  for (let i = 0; i < 40; i++) filter.check(tick())
  expect([1000, 1010, 990].map((price) => filter.check(tick({ price })).ok)).toEqual([false, false, true])
  expect(filter.check(tick({ price: 100 })).ok).toBe(false)
  const other = new TickFilter({ agreeingMin: 3 })
  other.check(tick())
  expect([1000, 10, 1000, 10, 1000].map((price) => other.check(tick({ price })).ok)).not.toContain(true)
})

test('a repeated trade, a late one and a missing one are told apart', () => {
  const filter = new TickFilter({ sequentialIds: true })
  const verdicts = ['10', '11', '11', '14', '12', 'abc', 'abc', '15'].map((tradeId) => filter.check(tick({ tradeId })))
  expect(verdicts).toEqual([
    { ok: true, gap: 0 },
    { ok: true, gap: 0 },
    { ok: false, reason: 'duplicate_trade' },
    { ok: true, gap: 2 },
    { ok: false, reason: 'trade_out_of_order' },
    { ok: true, gap: 0 },
    { ok: false, reason: 'duplicate_trade' },
    { ok: true, gap: 0 },
  ])
  expect(filter.missing).toBe(2)
})

test('a refused trade does not use up its id', () => {
  const filter = new TickFilter()
  filter.check(tick({ tradeId: '1' }))
  expect(filter.check(tick({ tradeId: '2', price: -1 })).ok).toBe(false)
  expect(filter.check(tick({ tradeId: '2' })).ok).toBe(true)
})

const quote = (change = {}) => ({
  bid: 99,
  bidQuantity: 1,
  ask: 101,
  askQuantity: 1,
  venueTimeUs: 1_000_000_000,
  ...change,
})

test.each([
  ['not_a_number', { bid: NaN }],
  ['not_a_number', { askQuantity: Infinity }],
  ['price_not_positive', { bid: 0 }],
  ['quantity_negative', { askQuantity: -1 }],
  ['crossed_quote', { bid: 102 }],
  ['crossed_quote', { bid: 101 }],
  ['price_absurd', { bid: 900, ask: 901 }],
  ['quote_out_of_order', { updateId: 4 }],
  ['time_back', { venueTimeUs: 1 }],
] as const)('quote %s: %o', (reason, change) => {
  const filter = new QuoteFilter()
  expect(filter.check(quote({ updateId: 5 }))).toEqual({ ok: true })
  expect(filter.check(quote(change))).toEqual({ ok: false, reason })
  expect(filter.refused).toEqual({ [reason]: 1 })
})
