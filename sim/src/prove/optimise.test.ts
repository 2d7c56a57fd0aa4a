import { expect, test } from 'vitest'
import { proveOptimise } from './optimise.ts'

test('a study on three workers that are killed one after another finds what one process finds, each trial once', async () => {
  const result = await proveOptimise({ trials: 16, workers: 3, killEvery: { trials: 4 }, rows: 150_000 })
  expect(result.failures).toEqual([])
  expect(result).toMatchObject({ passed: true, completed: 16, lost: 0, twice: 0, differing: 0, sameBest: true })
  expect(result.kills).toBeGreaterThan(0)
}, 180_000)
