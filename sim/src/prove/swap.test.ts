import { expect, test } from 'vitest'
import { proveSwap } from './swap.ts'

test('edits under load: swapped with the state, taken back or refused; no event lost, none seen twice', async () => {
  const { failures, swapped, rolledBack, refused, lost, twice, stateEqual } = await proveSwap({ edits: 8, rate: 300 })
  expect(failures).toEqual([])
  expect({ swapped, rolledBack, refused, lost, twice, stateEqual }).toEqual({
    swapped: 6,
    rolledBack: 1,
    refused: 1,
    lost: 0,
    twice: 0,
    stateEqual: true,
  })
}, 120_000)

test('a strategy is swapped while orders of its own rest: none of them is open on one side only', async () => {
  const { failures, swapped, orders } = await proveSwap({ edits: 6, rate: 300, habit: 'resting' })
  expect(failures).toEqual([])
  expect(swapped).toBe(5)
  expect(orders).toMatchObject({ orphans: 0, lost: 0 })
  expect(orders?.placed).toBeGreaterThan(0)
}, 120_000)
