import { expect, test } from 'vitest'
import { CHEATS, proveCheck } from './check.ts'
import { honestStrategies } from './corpus/honest/honest.ts'

test('the corpus is as large as it is said to be', () => {
  expect(CHEATS.length).toBeGreaterThanOrEqual(100)
  expect(new Set(CHEATS.map(({ name }) => name)).size).toBe(CHEATS.length)
  expect(honestStrategies().length).toBeGreaterThanOrEqual(50)
})

// One of each kind; all of them: npm run prove:check.
test.each(['peek-one', 'push-patched', 'date-now', 'random-at-load', 'fs-bare', 'weak-map-by-state'])(
  'a cheat is caught: %s',
  async (only) => {
    const { caught, missed } = await proveCheck({ only })
    expect(missed).toEqual([])
    expect(caught).toContain(only)
  },
  120_000,
)

test.each(['own-indicator', 'seeded-dice', 'utc-hours'])(
  'an honest one is not: %s',
  async (only) => {
    const { cleared, alarms } = await proveCheck({ only })
    expect({ cleared, alarms }).toEqual({ cleared: [only], alarms: [] })
  },
  120_000,
)
