import { expect, test } from 'vitest'
import { CRASH_POINTS } from '@contrail/runtime'
import { proveFence } from './fence.ts'
import { proveRecovery } from './recovery.ts'

test('an engine that is killed five times and at two crash points decides what an undisturbed one decides', async () => {
  const crashPoints = ['actor.published', 'actor.after_checkpoint'] satisfies (typeof CRASH_POINTS)[number][]
  const result = await proveRecovery({ kills: 5, seed: 7, ticksMax: 2_500, crashPoints })
  expect(result.failures).toEqual([])
  expect(result).toMatchObject({ passed: true, duplicateOrders: 0, kills: { random: 5 } })
  expect(result.decisions).toBeGreaterThan(500)
  expect(result.orders).toBeGreaterThan(100)
}, 180_000)

test('of two copies the stale one is refused three times in three rounds, and each order is there once', async () => {
  const result = await proveFence({ rounds: 3, ticksMax: 4_000 })
  expect(result.failures).toEqual([])
  expect(result).toMatchObject({ passed: true, rounds: 3, refusals: 3, fencedEvents: 3, duplicateOrders: 0 })
  expect(result.orders).toBeGreaterThan(100)
}, 180_000)
