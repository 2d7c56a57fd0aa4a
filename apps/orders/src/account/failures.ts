/** Classes of Postgres errors that a repeat cannot mend: wrong data, a broken constraint, a wrong statement. */
const PERMANENT_CLASSES: ReadonlySet<string> = new Set(['22', '23', '42'])

/** A bug, or something that waiting mends? What is not clearly a bug is waited for: it is money. */
export function isBug(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return true
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && code.length === 5 && PERMANENT_CLASSES.has(code.slice(0, 2))
}
