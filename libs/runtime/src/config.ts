import { mendOf, refuse } from '@contrail/contracts'
import type { Refusal } from '@contrail/contracts'
import { z } from 'zod'
import { maskText, SECRET_NAME } from './secrets.ts'

const PREFIX = 'CONTRAIL_'

/** Names that some service understands: several services may share one environment. */
const KNOWN = `
  NATS_URL NATS_MD_URL NATS_MONITOR_URL NATS_BINARY POSTGRES_URL REDIS_URL REDIS_BINARY
  USER_DB_URL STRATEGY_DB_URL MARKET_DB_URL TRADE_DB_URL
  HOST PORT INTERNAL_TOKEN TENANT ACCOUNT HOME URL TOKEN SERVICES TIMESCALE LOG_LEVEL LOG_FORMAT OFFLINE WORKER
  CRASH_AT WORKER_TTL_MS CHECKPOINT_MS CHECKPOINT_INPUTS PLACEMENT BUNDLE_DIR RECORD INSTRUMENTS SERVICES_DIR CACHE_DIR
  TIMESCALE_LEVEL`
  .trim()
  .split(/\s+/)
  .map((name) => PREFIX + name)
const KNOWN_PREFIXES = ['INGEST', 'ENGINE', 'ORDERS', 'PORTFOLIO', 'STRATEGIES', 'GATEWAY', 'WEB', 'CLI', 'SIM', 'TEST']

/** Every error of a configuration at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Refusal[]
  constructor(problems: readonly Refusal[]) {
    super(['The configuration is refused:', ...problems.map((problem) => `  ${problem.message}`)].join('\n'))
    this.problems = problems
  }
}

export type LoadOptions = { known?: readonly string[] }

/** `CONTRAIL_TRADE_DB_URL` -> `tradeDbUrl`. An empty value counts as absent. */
export function loadConfig<T>(
  schema: z.ZodType<T>,
  env: Record<string, string | undefined>,
  options: LoadOptions = {},
): T {
  const fields = fieldsOf(schema)
  const problems = unknownKeys(Object.keys(fields).map(envName), env, options.known ?? [])
  const input: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(fields)) {
    const text = env[envName(key)]
    if (text !== undefined && text !== '') input[key] = coerce(field, text)
  }
  const result = schema.safeParse(input)
  if (!result.success) problems.push(...result.error.issues.map((issue) => problemOf(issue, input, fields)))
  if (problems.length > 0) throw new ConfigError(problems)
  return result.data as T
}

/** The effective configuration for the log: secrets as `***`, URLs without their password. */
export function describeConfig<T extends object>(config: T, schema: z.ZodType<T>): Record<string, unknown> {
  const fields = fieldsOf(schema)
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      value === undefined ? undefined : isSecret(key, fields[key]) ? '***' : masked(value),
    ]),
  )
}

export const envName = (key: string): string => PREFIX + key.replace(/([A-Z])/g, '_$1').toUpperCase()

const masked = (value: unknown): unknown => (typeof value === 'string' ? maskText(value) : value)

/** Secret by name, or said so: `z.string().meta({ secret: true })`. */
function isSecret(key: string, field: z.ZodType | undefined): boolean {
  return SECRET_NAME.test(key) || field?.meta()?.['secret'] === true
}

function fieldsOf(schema: z.ZodType): Record<string, z.ZodType> {
  const inner = unwrap(schema)
  if (!(inner instanceof z.ZodObject)) throw new Error('a configuration schema is a zod object')
  return inner.shape as Record<string, z.ZodType>
}

function unwrap(schema: z.ZodType): z.ZodType {
  const def = schema.def as unknown as { innerType?: z.ZodType; in?: z.ZodType }
  if (def.innerType) return unwrap(def.innerType)
  if (def.in && !(def.in instanceof z.ZodTransform)) return unwrap(def.in)
  return schema
}

/** The environment has only text; numbers and booleans are read where the schema wants them. */
function coerce(field: z.ZodType, text: string): unknown {
  const inner = unwrap(field)
  if (inner instanceof z.ZodNumber) return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text
  if (inner instanceof z.ZodBoolean) return { true: true, '1': true, false: false, '0': false }[text] ?? text
  if (inner instanceof z.ZodArray) return text.split(',').map((item) => coerce(inner.element as z.ZodType, item.trim()))
  return text
}

function problemOf(issue: z.core.$ZodIssue, input: Record<string, unknown>, fields: Record<string, z.ZodType>) {
  const key = String(issue.path[0] ?? 'configuration')
  const value = input[key]
  if (value === undefined)
    return refuse('missing', envName(key), 'nothing', `set it (${fields[key]?.description ?? issue.message})`)
  return refuse('invalid', envName(key), isSecret(key, fields[key]) ? '***' : masked(value), mendOf(issue))
}

function unknownKeys(own: readonly string[], env: Record<string, string | undefined>, known: readonly string[]) {
  const all = [...own, ...known, ...KNOWN, ...KNOWN_PREFIXES.map((prefix) => `${PREFIX}${prefix}_URL`)]
  const problems: Refusal[] = []
  for (const key of Object.keys(env)) {
    if (!key.startsWith(PREFIX) || all.includes(key)) continue
    if (KNOWN_PREFIXES.some((prefix) => key.startsWith(`${PREFIX}${prefix}_`))) continue
    const near = all.map((name) => ({ name, far: distance(name, key) })).sort((a, b) => a.far - b.far)[0]
    const mend = near && near.far <= 3 ? `did you mean ${near.name}?` : 'remove it: no service knows this name'
    problems.push(refuse('unknown_key', key, '***', mend))
  }
  return problems
}

/** Levenshtein, for "did you mean". */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length] ?? 0
}
