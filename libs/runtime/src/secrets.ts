/** Field names whose value never reaches a log, an error or a description. */
export const SECRET_NAME =
  /(pass(word|phrase)?$|password|secret|token|signature|authorization|cookie|credential|(api|private|signing|access|master|encryption)_?key|^key$)/i

const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi
const BEARER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi

/** The text without passwords of URLs and without bearer tokens. */
export function maskText(text: string): string {
  if (!text.includes('://') && !/bearer|basic/i.test(text)) return text
  return text.replace(URL_CREDENTIALS, '$1:***@').replace(BEARER, '$1 ***')
}

/** Deepest object that is looked into; what lies below is printed as `[deep]`. */
const DEPTH_MAX = 8

/** A copy that is safe to print: secret fields and URL credentials masked, errors as plain objects. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEPTH_MAX) return '[deep]'
  if (value instanceof Error) return scrubError(value, depth)
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1))
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (value instanceof Date || value instanceof URL) return maskText(String(value))
  if (value instanceof Map) return scrub(Object.fromEntries(value as Map<string, unknown>), depth)
  if (value instanceof Set) return scrub([...(value as Set<unknown>)], depth)
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const hidden = SECRET_NAME.test(key) && item !== undefined && item !== null && typeof item !== 'boolean'
    out[key] = hidden ? '***' : scrub(item, depth + 1)
  }
  return out
}

function scrubError(error: Error, depth: number): Record<string, unknown> {
  const own = scrub(Object.fromEntries(Object.entries(error)), depth + 1) as Record<string, unknown>
  return {
    ...own,
    type: error.name,
    message: maskText(error.message),
    ...(error.stack ? { stack: maskText(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: scrub(error.cause, depth + 1) }),
  }
}
