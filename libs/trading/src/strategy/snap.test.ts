import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stepsOf } from '@contrail/contracts'
import { testInstrument } from '../testing/messages.ts'
import { snapOrder } from './snap.ts'

const instrument = (change = {}) =>
  testInstrument({
    venue: 'sim' as never,
    instrument: 'BTC-USDT' as never,
    minNotional: '0',
    minQuantity: '0',
    ...change,
  })
const snap = (asked: Parameters<typeof snapOrder>[1], change = {}, mark?: number) =>
  snapOrder(instrument(change), asked, mark)

test.each([
  ['buy', 10.019, '10.01'],
  ['sell', 10.011, '10.02'],
  ['buy', 0.1 + 0.2, '0.3'],
  ['sell', 0.1 + 0.2, '0.3'],
  ['buy', 0.7999999999999999, '0.8'],
  ['sell', 1e21, undefined],
] as const)('a %s price of %d becomes %s', (side, price, expected) => {
  const result = snap({ side, quantity: 1, price })
  expect(result.ok ? result.order.price : undefined).toBe(expected)
})

test.each([
  [0.00019, '0.0001'],
  [0.1 + 0.7, '0.8'],
  [1.23456789e-3, '0.0012'],
  [123456.00005, '123456'],
])('a quantity of %d becomes %s', (quantity, expected) => {
  const result = snap({ side: 'buy', quantity })
  expect(result.ok && result.order.quantity).toBe(expected)
})

test.each([
  ['quantity_below_lot', { quantity: 0 }, {}],
  ['quantity_below_lot', { quantity: 0.00009 }, {}],
  ['quantity_below_lot', { quantity: 0.3 - 0.1 - 0.2 + 1e-17 }, {}],
  ['quantity_below_minimum', { quantity: 0.01 }, { minQuantity: '0.02' }],
  ['notional_below_minimum', { quantity: 0.01, price: 499.99 }, { minNotional: '5' }],
  ['notional_below_minimum', { quantity: 0.01, stopPrice: 499.99 }, { minNotional: '5' }],
  ['notional_below_minimum', { quantity: 0.01 }, { minNotional: '6' }],
  ['price_below_tick', { quantity: 1, price: 0.009 }, {}],
  ['steps_above_limit', { quantity: 1e13 }, {}],
] as const)('%s: %o', (code, asked, change) => {
  expect(snap({ side: 'buy', ...asked }, change, 500)).toMatchObject({ ok: false, code })
})

test('a market order without any price seen is not held to the minimum notional', () => {
  expect(snap({ side: 'buy', quantity: 0.01 }, { minNotional: '6' }).ok).toBe(true)
})

test.each([NaN, Infinity, -1, -Infinity])('a quantity of %d is a mistake of the author', (quantity) => {
  expect(() => snap({ side: 'buy', quantity })).toThrow(/quantity.*give a finite number/)
  expect(() => snap({ side: 'buy', quantity: 1, price: quantity })).toThrow(/price/)
})

const steps = fc.constantFrom('0.01', '0.05', '0.00000001', '1', '25', '0.0001')

test('whatever is asked: whole steps, never more, never at a worse price', () => {
  const amount = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(amount, amount, steps, steps, fc.boolean(), (quantity, price, tickSize, lotSize, buy) => {
      const result = snap({ side: buy ? 'buy' : 'sell', quantity, price }, { tickSize, lotSize })
      if (!result.ok) return
      stepsOf(result.order.quantity, lotSize, 'exact')
      stepsOf(result.order.price!, tickSize, 'exact')
      // One part in 10^12 is rest of arithmetic in doubles, not a wish.
      const slack = 1 + 2e-12
      expect(Number(result.order.quantity)).toBeLessThanOrEqual(quantity * slack)
      expect(Number(result.order.quantity)).toBeGreaterThan(quantity - Number(lotSize) * slack)
      if (buy) expect(Number(result.order.price)).toBeLessThanOrEqual(price * slack)
      else expect(Number(result.order.price) * slack).toBeGreaterThanOrEqual(price)
      expect(Math.abs(Number(result.order.price) - price)).toBeLessThan(Number(tickSize) * (1 + 1e-9))
    }),
    { numRuns: 500 },
  )
})
