import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { openDatabase } from './database.ts'
import type { Database, OpenOptions, Sql } from './database.ts'
import { databaseName, migrate, roleUrls, urlOf, withAdmin } from './migrate.ts'
import { DATABASES, DB_ROLES } from './names.ts'
import type { DatabaseName, DatabaseUrls, DbRole, TimescaleLevel } from './names.ts'
import { grantConnect, quote } from './roles.ts'
import { migrationFiles } from './runner.ts'

/** Roles belong to the whole server: all tests of a server share them. */
const ROLES = 'contrail_test'
/** Templates of older migrations kept for branches that are still being tested. */
const TEMPLATES_MAX = 4
/** Databases of a test run that was killed are dropped by a later run. */
const ABANDONED_MS = 2 * 60 * 60_000
const TERMINATE_WAIT_MS = 5000

export type TestDatabases = {
  readonly urls: DatabaseUrls
  /** Superuser: for looking, and for what no service may do. */
  readonly adminUrls: Record<DatabaseName, string>
  readonly passwords: Record<DbRole, string>
  readonly timescale: TimescaleLevel
  /** Opens one database as one role; closed by `drop`. */
  open(role: DbRole | 'admin', database: DatabaseName, options?: OpenOptions): Database
  drop(): Promise<void>
}

/**
 * Four databases of one's own, migrated: copies of a template that is made once per state of the migrations.
 * Several test files may call it at the same time.
 */
export async function createTestDatabases(options: { timescale?: 'none' } = {}): Promise<TestDatabases> {
  const serverUrl = process.env.CONTRAIL_POSTGRES_URL
  if (!serverUrl)
    throw refuse('no_postgres', 'CONTRAIL_POSTGRES_URL', serverUrl, 'run the tests with "npm test", which starts one')
  const passwords = testPasswords(serverUrl)
  const template = `contrail_tpl_${fingerprint()}_${options.timescale ?? 'auto'}`
  // tidy-ok: the name of a database that a killed run left behind tells its age
  const prefix = `contrail_t_${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`
  await withAdmin(serverUrl, async (sql) => {
    await ensureTemplate(sql, serverUrl, template, passwords, options.timescale ?? 'auto')
    for (const database of DATABASES) {
      const name = databaseName(prefix, database)
      await sql.unsafe(`create database ${quote(name)} template ${quote(databaseName(template, database))}`)
      await grantConnect(sql, ROLES, database, name)
    }
  })
  const adminUrls = {} as Record<DatabaseName, string>
  for (const database of DATABASES) adminUrls[database] = urlOf(serverUrl, databaseName(prefix, database))
  const timescale = await withAdmin(adminUrls.market, levelOf)
  return testDatabases(serverUrl, prefix, passwords, adminUrls, timescale)
}

function testDatabases(
  serverUrl: string,
  prefix: string,
  passwords: Record<DbRole, string>,
  adminUrls: Record<DatabaseName, string>,
  timescale: TimescaleLevel,
): TestDatabases {
  const urls = roleUrls({ adminUrl: serverUrl, passwords }, prefix, ROLES)
  const opened: Database[] = []
  return {
    urls,
    adminUrls,
    passwords,
    timescale,
    open(role, database, openOptions = {}) {
      const url = role === 'admin' ? adminUrls[database] : urls[role][database]
      if (!url) throw refuse('no_access', 'role', role, `no grant on ${database}; see grants.ts`)
      const made = openDatabase(url, openOptions)
      opened.push(made)
      return made
    },
    async drop() {
      await Promise.all(opened.map((database) => database.close()))
      await withAdmin(serverUrl, async (sql) => {
        for (const database of DATABASES) await dropDatabase(sql, databaseName(prefix, database))
      })
    },
  }
}

/** Made by the first who needs it, under a lock; the others wait for it. */
async function ensureTemplate(
  sql: Sql,
  serverUrl: string,
  template: string,
  passwords: Record<DbRole, string>,
  timescale: 'auto' | 'none',
): Promise<void> {
  if (await isReady(sql, template)) return
  await sql`select pg_advisory_lock(hashtext('contrail_test_template'))`
  try {
    if (await isReady(sql, template)) return
    for (const database of DATABASES) await dropDatabase(sql, databaseName(template, database))
    await dropOld(sql)
    await migrate({ adminUrl: serverUrl, databases: template, roles: ROLES, passwords, timescale })
    for (const database of DATABASES) await freeze(sql, databaseName(template, database))
  } finally {
    await sql`select pg_advisory_unlock(hashtext('contrail_test_template'))`
  }
}

/** A copy needs its source undisturbed: nobody connects any more, Timescale's background workers neither. */
async function freeze(sql: Sql, name: string): Promise<void> {
  await sql.unsafe(`alter database ${quote(name)} with allow_connections false`)
  await sql`select pg_terminate_backend(pid, ${TERMINATE_WAIT_MS}) from pg_stat_activity where datname = ${name}`
  await sql.unsafe(`alter database ${quote(name)} with is_template true`)
}

async function isReady(sql: Sql, template: string): Promise<boolean> {
  const names = DATABASES.map((database) => databaseName(template, database))
  const rows = await sql`select 1 from pg_database where datname in ${sql(names)} and datistemplate`
  return rows.length === names.length
}

async function dropOld(sql: Sql): Promise<void> {
  const rows = await sql<{ name: string }[]>`
    select datname as name from pg_database where datname like 'contrail\_t\_%' or datname like 'contrail\_tpl\_%'
    order by oid desc`
  const templates = rows.filter(({ name }) => name.startsWith('contrail_tpl_'))
  for (const { name } of templates.slice((TEMPLATES_MAX - 1) * DATABASES.length)) await dropDatabase(sql, name)
  for (const { name } of rows.filter((row) => row.name.startsWith('contrail_t_'))) {
    const madeMs = Number.parseInt(name.split('_')[2] ?? '', 36)
    if (madeMs < Date.now() - ABANDONED_MS) await dropDatabase(sql, name) // tidy-ok: age of an abandoned database
  }
}

async function dropDatabase(sql: Sql, name: string): Promise<void> {
  const [found] = await sql`select 1 from pg_database where datname = ${name}`
  if (!found) return
  await sql.unsafe(`alter database ${quote(name)} with is_template false`)
  await sql.unsafe(`drop database if exists ${quote(name)} with (force)`)
}

/** Whatever changes the made databases changes the name of the template. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const database of DATABASES) for (const file of migrationFiles(database)) hash.update(file.name + file.sha256)
  for (const file of ['grants.ts', 'roles.ts', 'runner.ts', 'migrate.ts', 'names.ts', 'testing.ts'])
    hash.update(readFileSync(path.join(import.meta.dirname, file)))
  return hash.digest('hex').slice(0, 12)
}

/** The same for every run on one server, because its roles are. Worth nothing elsewhere. */
function testPasswords(serverUrl: string): Record<DbRole, string> {
  const passwords = {} as Record<DbRole, string>
  for (const role of DB_ROLES)
    passwords[role] = createHash('sha256').update(`${serverUrl} ${role}`).digest('hex').slice(0, 32)
  return passwords
}

async function levelOf(sql: Sql): Promise<TimescaleLevel> {
  const [row] = await sql<[{ level: TimescaleLevel }]>`select contrail_timescale() as level`
  return row.level
}
