import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testStrategy } from '@contrail/trading'
import strategy from './reversion.ts'

/** Long enough to be warm, then a fall: it buys on the first bar of it, and is filled on the second. */
const fall = [...Array.from({ length: 45 }, () => 1000), 998, 997]
const parameters = { period: 5, quantity: 1, stopPercent: 0.6, targetPercent: 0.4 }

void test('buys when oversold, and the bracket takes the profit', () => {
  const t = testStrategy(strategy, { parameters })
  const [entry] = t.candles(fall)
  assert.equal(entry?.intents.length, 3)
  assert.equal(t.position().quantity, 1)
  t.candle({ open: 997, high: 1003, low: 997, close: 1001 })
  assert.equal(t.position().quantity, 0)
  assert.ok(t.position().realised > 0)
})

void test('the stop ends a trade that goes on falling', () => {
  const t = testStrategy(strategy, { parameters })
  t.candles(fall)
  t.candle({ open: 996, high: 996, low: 985, close: 990 })
  assert.ok(t.position().realised < 0)
})
