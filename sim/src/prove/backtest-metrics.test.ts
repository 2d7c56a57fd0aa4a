import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sets } from './backtest-metrics.ts'
import { Checks, sharedPath } from './backtest-sets.ts'

describe('reference sets of the metrics', () => {
  for (const set of sets) {
    const absent = (set.wants ?? []).filter((name) => !existsSync(sharedPath(name)))
    test.skipIf(absent.length > 0)(
      `${set.name}${absent.length > 0 ? ` (absent: ${absent.join(', ')})` : ''}`,
      async () => {
        const checks = new Checks()
        await set.run(checks)
        expect(checks.differs).toEqual([])
        expect(checks.equal).toBe(checks.of)
        expect(checks.of).toBeGreaterThan(0)
      },
    )
  }
})
