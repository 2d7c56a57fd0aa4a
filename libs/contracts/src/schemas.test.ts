import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { schemaText } from './schemas.ts'

/**
 * The wire. A change here is a decision: add fields, never change them, and write the line of history.
 *   1  2026-11-22  first version
 *   2  2026-11-22  strategy events `swapped` and `rolled_back`, with the version that runs from there on
 */
const SCHEMAS_SHA256 = '3dcf085c56401372e680574319e8f0e7768fe5d64f741bf862319efa92da8dcc'

test('the wire has not changed by accident', () => {
  expect(createHash('sha256').update(schemaText()).digest('hex')).toBe(SCHEMAS_SHA256)
})
