import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testStrategy } from '@contrail/trading'
import strategy from './cross.ts'

void test('buys when the fast average rises above the slow one, and sells when it falls below', () => {
  const t = testStrategy(strategy, { parameters: { fast: 1, slow: 3, quantity: 1 } })
  t.candles([100, 100, 100])
  assert.equal(t.candle(110)?.intents.length, 1)
  t.candle(111)
  assert.equal(t.position().quantity, 1)
  t.candles([90, 89])
  assert.equal(t.position().quantity, 0)
})

void test('goes on after a restart as if nothing had been', () => {
  const closes = [100, 101, 99, 103, 105, 98, 95, 99, 104]
  const whole = testStrategy(strategy)
  const cut = testStrategy(strategy)
  whole.candles(closes)
  cut.candles(closes.slice(0, 5))
  cut.restart()
  cut.candles(closes.slice(5))
  assert.deepEqual(cut.decisions, whole.decisions)
})
