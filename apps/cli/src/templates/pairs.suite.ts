import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testStrategy } from '@contrail/trading'
import strategy from './pairs.ts'

void test('buys the cheap one and sells the dear one, and closes both when they have met', () => {
  const t = testStrategy(strategy, { parameters: { period: 10 } })
  const both = (first: number, second: number) => {
    t.candle(first, { instrument: 'BTC-USDT' })
    t.candle(second, { instrument: 'ETH-USDT' })
  }
  for (let i = 0; i < 12; i++) both(1000 + (i % 2), 500)
  both(1040, 500)
  both(1040, 500)
  assert.ok(t.position({ instrument: 'BTC-USDT' }).quantity < 0)
  assert.ok(t.position({ instrument: 'ETH-USDT' }).quantity > 0)
  for (let i = 0; i < 12; i++) both(1000 + (i % 2), 500)
  assert.equal(t.position({ instrument: 'BTC-USDT' }).quantity, 0)
  assert.equal(t.position({ instrument: 'ETH-USDT' }).quantity, 0)
})
