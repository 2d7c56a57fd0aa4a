import path from 'node:path'
import type { Secrets } from './secrets.ts'

/** Ports of the apps: all on loopback; the gateway is the public one. */
export type Ports = Record<'gateway' | 'ingest' | 'orders' | 'portfolio' | 'strategies' | 'engine', number>
type Urls = Record<string, Partial<Record<'user' | 'strategy' | 'market' | 'trade', string | undefined>>>

export type SettingsInput = {
  readonly natsUrl: string
  readonly redisUrl: string | undefined
  readonly databases: Urls
  readonly secrets: Secrets
  readonly ports: Ports
  readonly home: string
  /** Extra settings per app, e.g. a file to replay. */
  readonly extra: Record<string, Record<string, string>>
}

const USER_OF_APP: Record<string, string> = { ingest: 'ingest' }
const ROLE_OF_APP: Record<string, string> = { ingest: 'recorder' }

/** What each app is told: its own bus user, its own database role, the doors of the others. */
export function appSettings(app: keyof Ports, input: SettingsInput): Record<string, string> {
  const role = ROLE_OF_APP[app] ?? app
  const databases = Object.entries(input.databases[role] ?? {}).flatMap(([name, url]) =>
    url ? [[`CONTRAIL_${name.toUpperCase()}_DB_URL`, url] as const] : [],
  )
  const doors = (Object.keys(input.ports) as (keyof Ports)[]).map(
    (name) => [`CONTRAIL_${name.toUpperCase()}_URL`, `http://127.0.0.1:${input.ports[name]}`] as const,
  )
  const user = USER_OF_APP[app] ?? app
  return {
    CONTRAIL_NATS_URL: withUser(input.natsUrl, user, input.secrets.nats[user] as string),
    CONTRAIL_INTERNAL_TOKEN: input.secrets.internal,
    CONTRAIL_HOST: '127.0.0.1',
    CONTRAIL_PORT: String(input.ports[app]),
    CONTRAIL_TENANT: 'main',
    CONTRAIL_ACCOUNT: 'paper',
    ...Object.fromEntries(doors),
    ...Object.fromEntries(databases),
    ...(input.redisUrl && app === 'gateway' ? { CONTRAIL_REDIS_URL: input.redisUrl } : {}),
    ...(app === 'ingest' ? { CONTRAIL_INGEST_DATA_DIR: path.join(input.home, 'data') } : {}),
    ...(app === 'strategies' ? researchPlaces(input.home) : {}),
    ...input.extra[app],
  }
}

/** Where the CLI of the same home looks for runs and data. */
const researchPlaces = (home: string): Record<string, string> => ({
  CONTRAIL_STRATEGIES_RUNS_DIR: path.join(home, 'runs'),
  CONTRAIL_STRATEGIES_DATA_DIR: path.join(home, 'data'),
})

export function withUser(url: string, user: string, password: string): string {
  const parsed = new URL(url)
  parsed.username = user
  parsed.password = password
  return parsed.toString().replace(/\/$/, '')
}
