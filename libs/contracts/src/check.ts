import type { z } from 'zod'
import { mendOf } from './mend.ts'
import { refuse } from './refusal.ts'

/** What the schema makes of a value. A refusal names the first field that is wrong, its value and the mend. */
export function check<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = issue?.path.map(String) ?? []
  let found: unknown = value
  for (const key of path) found = (found as Record<string, unknown> | undefined)?.[key]
  throw refuse('invalid', [name, ...path].join('.'), found ?? 'nothing', mendOf(issue))
}
