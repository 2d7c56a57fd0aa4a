/** JSON with sorted keys and without undefined: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** `path: recorded, again` of the first place where two values differ; undefined when they are equal. */
export function firstDifference(recorded: unknown, again: unknown, path = ''): string | undefined {
  if (isObject(recorded) && isObject(again) && Array.isArray(recorded) === Array.isArray(again)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(again)])].sort()
    for (const key of keys) {
      const found = firstDifference(recorded[key], again[key], path === '' ? key : `${path}.${key}`)
      if (found) return found
    }
    return undefined
  }
  const [a, b] = [canonicalJson(recorded), canonicalJson(again)]
  return a === b ? undefined : `${path || 'value'}: recorded ${shown(a)}, made again ${shown(b)}`
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Longest value quoted in a difference. */
const SHOWN_MAX = 120
const shown = (text: string): string => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)
