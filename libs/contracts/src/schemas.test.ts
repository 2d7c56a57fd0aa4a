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
 */
const SCHEMAS_SHA256 = 'e5d89555a7a23bd698a4038e0c8ad16e24f87de6db81117ce679007a7f5163d8'

test('the wire has not changed by accident', () => {
  expect(createHash('sha256').update(schemaText()).digest('hex')).toBe(SCHEMAS_SHA256)
})
