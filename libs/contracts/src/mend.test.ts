import { expect, test } from 'vitest'
import { z } from 'zod'
import { decimalField } from './fields.ts'
import { mendOf } from './mend.ts'

const mendFor = (schema: z.ZodType, value: unknown): string => mendOf(schema.safeParse(value).error?.issues[0])

test.each([
  [z.number(), 'ten', 'give a number'],
  [z.number().int(), 1.5, 'give a whole number'],
  [z.number().min(1), 0, 'give at least 1'],
  [z.number().max(500), 501, 'give at most 500'],
  [z.number().positive(), 0, 'give more than 0'],
  [z.string().min(3), 'ab', 'write at least 3 characters'],
  [z.array(z.number()).max(1), [1, 2], 'give at most 1 of them'],
  [z.enum(['buy', 'sell']), 'hold', 'use one of buy, sell'],
  [z.literal(1), 2, 'give 1'],
  [z.strictObject({}), { fee: 1 }, 'leave out fee: there is no such field'],
  [z.number().multipleOf(5), 7, 'give a multiple of 5'],
  [z.string().regex(/^a+$/), 'b', 'write it as /^a+$/'],
  [decimalField, '1e3', 'write a plain decimal number, such as 12.5'],
  [z.string().refine(() => false, { message: 'must be a moon' }), 'sun', 'must be a moon'],
])('%# a refused value comes with what to give instead', (schema, value, mend) => {
  expect(mendFor(schema, value)).toBe(mend)
})
