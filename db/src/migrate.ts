import { refuse } from '@contrail/contracts'
import { openDatabase } from './database.ts'
import type { Sql } from './database.ts'
import { GRANTS } from './grants.ts'
import { DATABASES, DB_ROLES, TIMESCALE_LEVELS } from './names.ts'
import type { DatabaseName, DatabaseUrls, DbRole, TimescaleLevel } from './names.ts'
import { applyRoles, grantConnect, quote, roleName, secureTables } from './roles.ts'
import { runMigrations } from './runner.ts'

/** A migration may rewrite a table. */
const MIGRATION_TIMEOUT_MS = 10 * 60_000

export type MigrateOptions = {
  /** A role that may create databases and roles; on one server all four databases are made there. */
  adminUrl: string
  /** Servers of single databases, where they are not on the one above. */
  adminUrls?: Partial<Record<DatabaseName, string>>
  /** Names are `<prefix>_user` and so on. */
  databases?: string
  /** Names of the roles are `<prefix>_orders` and so on; by default the prefix of the databases. */
  roles?: string
  passwords: Record<DbRole, string>
  /** `auto` takes what the server has; a lower level can be forced. */
  timescale?: 'auto' | TimescaleLevel
}

export type Migrated = { urls: DatabaseUrls; timescale: TimescaleLevel; applied: Record<DatabaseName, string[]> }

const NAME_PATTERN = /^[a-z][a-z0-9_]{0,40}$/
export const databaseName = (prefix: string, database: DatabaseName): string => `${prefix}_${database}`

/** Makes databases, roles, tables and grants, or brings them up to date. Running it again changes nothing. */
export async function migrate(options: MigrateOptions): Promise<Migrated> {
  const prefix = options.databases ?? 'contrail'
  const roles = options.roles ?? prefix
  for (const name of [prefix, roles])
    if (!NAME_PATTERN.test(name)) throw refuse('invalid_name', 'databases', name, 'use a-z, 0-9 and "_", 41 at most')
  // One at a time per server: two that make the same database or role would trip over each other.
  return await withAdmin(options.adminUrl, async (sql) => {
    await sql`select pg_advisory_lock(hashtext('contrail_migrate'))`
    try {
      return await migrateAll(options, prefix, roles)
    } finally {
      await sql`select pg_advisory_unlock(hashtext('contrail_migrate'))`
    }
  })
}

async function migrateAll(options: MigrateOptions, prefix: string, roles: string): Promise<Migrated> {
  const applied = {} as Record<DatabaseName, string[]>
  let timescale: TimescaleLevel = 'none'
  const prepared = new Set<string>()
  for (const database of DATABASES) {
    const adminUrl = options.adminUrls?.[database] ?? options.adminUrl
    if (!prepared.has(adminUrl)) await withAdmin(adminUrl, (sql) => applyRoles(sql, roles, options.passwords))
    prepared.add(adminUrl)
    const name = databaseName(prefix, database)
    await withAdmin(adminUrl, (sql) => ensureDatabase(sql, name))
    await withAdmin(urlOf(adminUrl, name), async (sql) => {
      if (database === 'market') timescale = await prepareTimescale(sql, options.timescale ?? 'auto')
      applied[database] = await runMigrations(sql, database)
      await secureTables(sql, roles, database)
      await grantConnect(sql, roles, database, name)
    })
  }
  return { urls: roleUrls(options, prefix, roles), timescale, applied }
}

export async function withAdmin<T>(url: string, run: (sql: Sql) => Promise<T>): Promise<T> {
  const database = openDatabase(url, { max: 1, name: 'contrail-migrate', statementTimeoutMs: MIGRATION_TIMEOUT_MS })
  try {
    return await run(database.sql)
  } finally {
    await database.close()
  }
}

async function ensureDatabase(sql: Sql, name: string): Promise<void> {
  const [found] = await sql`select 1 from pg_database where datname = ${name}`
  if (!found) await sql.unsafe(`create database ${quote(name)}`)
}

/**
 * Makes the extension where there is one, and leaves the level in `contrail_timescale()` for SQL to read. Tables stay at
 * the level that they were made for.
 */
async function prepareTimescale(sql: Sql, wanted: 'auto' | TimescaleLevel): Promise<TimescaleLevel> {
  const known = await knownLevel(sql)
  const asked = wanted === 'auto' ? known : wanted
  const found = asked === 'none' ? 'none' : await detectTimescale(sql)
  const level = asked ?? found
  if (TIMESCALE_LEVELS.indexOf(level) < TIMESCALE_LEVELS.indexOf(found))
    throw refuse('timescale_missing', 'timescale', level, `this server offers ${found}`)
  if (known !== undefined && known !== level)
    throw refuse('timescale_changed', 'timescale', level, `these tables were made for ${known}; move the data first`)
  if (known === undefined)
    await sql.unsafe(
      `create function contrail_timescale() returns text immutable language sql as $$select '${level}'$$`,
    )
  return level
}

/** The licence is known once the extension is there; the extension loads only in a server that was started with it. */
async function detectTimescale(sql: Sql): Promise<TimescaleLevel> {
  const [server] = await sql<[{ loaded: boolean }]>`
    select current_setting('shared_preload_libraries') ~ 'timescaledb'
      and exists (select 1 from pg_available_extensions where name = 'timescaledb') as loaded`
  if (!server.loaded) return 'none'
  await sql.unsafe('create extension if not exists timescaledb')
  const [row] = await sql<[{ license: string | null }]>`select current_setting('timescaledb.license', true) as license`
  return row.license === 'timescale' ? 'timescale' : 'apache'
}

async function knownLevel(sql: Sql): Promise<TimescaleLevel | undefined> {
  const [found] = await sql`select to_regproc('contrail_timescale') as name`
  if (!found?.name) return undefined
  const [row] = await sql<{ level: TimescaleLevel }[]>`select contrail_timescale() as level`
  return row?.level
}

export function urlOf(adminUrl: string, database: string, user?: string, password?: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  if (user !== undefined) url.username = user
  if (password !== undefined) url.password = encodeURIComponent(password)
  return url.href
}

export function roleUrls(
  options: Pick<MigrateOptions, 'adminUrl' | 'adminUrls' | 'passwords'>,
  prefix: string,
  roles: string,
): DatabaseUrls {
  const urls = {} as DatabaseUrls
  for (const role of DB_ROLES) {
    urls[role] = { user: undefined, strategy: undefined, market: undefined, trade: undefined }
    for (const database of DATABASES) {
      if (!GRANTS[role][database]) continue
      const adminUrl = options.adminUrls?.[database] ?? options.adminUrl
      const name = databaseName(prefix, database)
      urls[role][database] = urlOf(adminUrl, name, roleName(roles, role), options.passwords[role])
    }
  }
  return urls
}
