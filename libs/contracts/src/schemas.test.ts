import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { schemaText } from './schemas.ts'

/**
 * The wire. A change here is a decision: add fields, never change them, and write the line of history.
 *   1  2026-11-22  first version
 */
const SCHEMAS_SHA256 = '78b79d76e8002e4d18294de6899fbb70eccc0844cb9c4892ea20270249965a77'

test('the wire has not changed by accident', () => {
  expect(createHash('sha256').update(schemaText()).digest('hex')).toBe(SCHEMAS_SHA256)
})
