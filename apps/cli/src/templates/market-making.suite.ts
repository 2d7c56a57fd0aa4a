import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testStrategy } from '@contrail/trading'
import strategy from './market-making.ts'

void test('quotes both sides, and quotes anew when the market has moved', () => {
  const t = testStrategy(strategy, { parameters: { quantity: 1, holdMax: 3 } })
  t.quote(999.9, 1000.1)
  assert.deepEqual(
    t.openOrders.map(({ side }) => side),
    ['buy', 'sell'],
  )
  t.quote(999.9, 1000.1)
  assert.equal(t.decisions.length, 1)
  t.quote(1004.9, 1005.1)
  t.quote(1004.9, 1005.1)
  assert.ok((t.openOrders[0]?.price ?? 0) > 1004)
})
