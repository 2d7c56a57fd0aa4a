import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { schemaText } from './schemas.ts'

/**
 * The wire. A change here is a decision: add fields, never change them, and write the line of history.
 *   1  2026-11-22  first version
 *   2  2026-11-22  strategy events `swapped` and `rolled_back`, with the version that runs from there on
 *   3  2026-11-22  take-profit and trailing-stop orders; orders with a parent (OTO) and in a group (OCO)
 *   4  2026-11-22  research: studies, trials and their results
 *   5  2026-11-22  candles are binary frames (frames.ts); those that are JSON are still read
 *   6  2026-11-22  six timeframes more of bars that files hold: 3m, 30m, 2h, 6h, 8h, 12h
 */
const SCHEMAS_SHA256 = '73d36e466b63735e015c26de2034af6c93cd281b23d2525287a14b0d31014069'

test('the wire has not changed by accident', () => {
  expect(createHash('sha256').update(schemaText()).digest('hex')).toBe(SCHEMAS_SHA256)
})
