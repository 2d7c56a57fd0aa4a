import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testStrategy } from '@contrail/trading'
import strategy from './grid.ts'

void test('a grid of buys is placed; a fill is sold one step higher', () => {
  const t = testStrategy(strategy, { parameters: { levels: 3, stepPercent: 1, quantity: 1 } })
  assert.equal(t.candle(1000)?.intents.length, 3)
  t.candle({ open: 989, high: 989, low: 985, close: 988 })
  assert.equal(t.position().quantity, 1)
  t.candle({ open: 988, high: 1001, low: 988, close: 1000 })
  assert.equal(t.position().quantity, 0)
  assert.ok(t.position().realised > 0)
})
