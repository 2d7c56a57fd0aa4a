import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testStrategy } from '@contrail/trading'
import strategy from './blank.ts'

void test('counts what it sees', () => {
  const t = testStrategy(strategy)
  t.tick(100)
  t.tick(101)
  assert.equal(t.state.ticks, 2)
  assert.equal(t.reasons['price'], 101)
})
