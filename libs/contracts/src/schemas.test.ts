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
 *   7  2026-11-22  execution reports name the venue's order; a fill that does implies the acceptance
 *   8  2026-11-22  a live position says of which TRADES its sequence is
 *   9  2026-11-23  a dead letter that a person has laid aside
 */
const SCHEMAS_SHA256 = 'ead662b1c17f8ac166c2ffcae93bf8087c8ae9514b05018cfd7050a49f998015'

test('the wire has not changed by accident', () => {
  expect(createHash('sha256').update(schemaText()).digest('hex')).toBe(SCHEMAS_SHA256)
})
