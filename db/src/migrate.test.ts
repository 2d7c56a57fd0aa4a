import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import type { Sql } from './database.ts'
import { generateBaseline } from './generate.ts'
import { databaseName, migrate, withAdmin } from './migrate.ts'
import type { MigrateOptions } from './migrate.ts'
import { DATABASES, DB_ROLES } from './names.ts'
import type { DbRole } from './names.ts'
import { quote, roleName } from './roles.ts'
import { migrationFiles, migrationsFolder, runMigrations } from './runner.ts'
import { createTestDatabases } from './testing.ts'
import type { TestDatabases } from './testing.ts'

const server = () => process.env['CONTRAIL_POSTGRES_URL'] as string
/** A name of one's own: this file makes databases and roles as an installation does. */
const prefix = `contrail_t_${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`
const passwords = Object.fromEntries(DB_ROLES.map((role) => [role, `password-of-${role}-1`])) as Record<DbRole, string>
const options = (): MigrateOptions => ({ adminUrl: server(), databases: prefix, passwords, timescale: 'none' })

let databases: TestDatabases
let sql: Sql
beforeAll(async () => {
  databases = await createTestDatabases()
  ;({ sql } = databases.open('admin', 'user', { max: 1 }))
})
afterAll(async () => {
  await databases.drop()
  await withAdmin(server(), async (admin) => {
    for (const database of DATABASES)
      await admin.unsafe(`drop database if exists ${quote(databaseName(prefix, database))}`)
    for (const role of DB_ROLES) await admin.unsafe(`drop role if exists ${quote(roleName(prefix, role))}`)
  })
})

describe('an installation', () => {
  test('is made, and made again without a change; two at once do not collide', async () => {
    const [first, second] = await Promise.all([migrate(options()), migrate(options())])
    const applied = DATABASES.map((database) => first.applied[database].length + second.applied[database].length)
    expect(applied).toEqual(DATABASES.map((database) => migrationFiles(database).length))
    const again = await migrate(options())
    expect(Object.values(again.applied).flat()).toEqual([])
    expect(again.urls.engine).toMatchObject({ user: undefined, trade: undefined, market: undefined })
    expect((await migrate({ ...options(), timescale: 'auto' })).timescale, 'tables stay at their level').toBe('none')
    const engine = openDatabase(again.urls.engine.strategy as string, { tenant: 'main' })
    expect(await engine.sql`select * from deployments`).toHaveLength(0)
    await engine.close()
  })

  test.each([
    ['a short password', { passwords: { ...passwords, orders: 'short' } }, 'weak_password'],
    ['no password', { passwords: { ...passwords, orders: '' } }, 'weak_password'],
    ['a name that would need quoting', { databases: 'Contrail; drop' }, 'invalid_name'],
    ['a level that the server lacks', { timescale: 'timescale' as const, databases: prefix }, 'timescale_missing'],
  ])('with %s is refused', async (_name, change, code) => {
    const refusal = await migrate({ ...options(), ...change }).catch(
      (error: { code: string; message: string }) => error,
    )
    expect(refusal).toMatchObject({ code })
    expect(String((refusal as { message?: string }).message)).not.toContain('short')
  })
})

describe('the runner', () => {
  const file = (name: string, text: string) => ({ name, text, sha256: `${name} ${text}` })

  test('runs each file once, in order', async () => {
    const files = [file('x/1', 'create table one (x int)'), file('x/2', 'insert into one values (1)')]
    expect(await runMigrations(sql, 'user', files)).toEqual(['x/1', 'x/2'])
    expect(await runMigrations(sql, 'user', files)).toEqual([])
    expect(await sql`select x from one`).toHaveLength(1)
  })

  test('refuses a changed file that has run', async () => {
    await expect(runMigrations(sql, 'user', [file('x/1', 'create table other (x int)')])).rejects.toMatchObject({
      code: 'migration_changed',
      field: 'x/1',
    })
  })

  test('undoes a file that fails, whole, and can go on', async () => {
    const bad = [file('x/3', 'create table three (x int); select 1 / 0')]
    await expect(runMigrations(sql, 'user', bad)).rejects.toThrow('migration x/3 failed: division by zero')
    const [row] = await sql`select to_regclass('three') as found`
    expect(row).toEqual({ found: null })
    expect(await runMigrations(sql, 'user', [file('x/3', 'create table three (x int)')])).toEqual(['x/3'])
  })

  test('a database of an earlier version goes on, and loses what a later one drops', async () => {
    const files = migrationFiles('trade')
    const before = files.filter(({ name }) => name < 'trade/0250')
    await runMigrations(sql, 'user', before)
    await sql`insert into orders_inbox (stream, incarnation, sequence, tenant_id) values ('ORDERS', 'i', 1, 'main')`
    expect(await runMigrations(sql, 'user', files)).toEqual(files.slice(before.length).map(({ name }) => name))
    const [row] = await sql`select to_regclass('orders_inbox') as orders, to_regclass('portfolio_inbox') as portfolio`
    expect(row).toEqual({ orders: null, portfolio: null })
  })

  test('two at once run a file once', async () => {
    const files = [file('x/4', 'create table four (x int); insert into four values (1)')]
    const other = databases.open('admin', 'user', { max: 1 })
    const applied = await Promise.all([runMigrations(sql, 'user', files), runMigrations(other.sql, 'user', files)])
    expect(applied.flat()).toEqual(['x/4'])
  })
})

test.each(DATABASES)('the baseline of %s is what its schema files say', async (database) => {
  const written = readFileSync(path.join(migrationsFolder, database, '0000_baseline.sql'), 'utf8')
  expect(written, 'run "node db/src/generate.ts"').toBe(await generateBaseline(database))
})

describe.each(['auto', 'none'] as const)('market tables at level %s', (level) => {
  let market: TestDatabases
  beforeAll(async () => {
    market = await createTestDatabases(level === 'none' ? { timescale: 'none' } : {})
  })
  afterAll(() => market.drop())

  test('the level is what was asked for, and what the SQL reads', async () => {
    const { sql: admin } = market.open('admin', 'market')
    const [row] = await admin`select contrail_timescale() as level`
    expect(row).toEqual({ level: market.timescale })
    const [extension] = await admin`select count(*) from pg_extension where extname = 'timescaledb'`
    expect(extension?.['count']).toBe(market.timescale === 'none' ? 0 : 1)
    if (level === 'none') expect(market.timescale).toBe('none')
  })

  test('the recorder writes ticks over a border of time, readers read them, old ones go', async () => {
    const dayUs = 86_400_000_000
    const base = 1_700_000_000_000_000 - (1_700_000_000_000_000 % dayUs)
    const recorder = market.open('recorder', 'market')
    const [source] = await recorder.sql<[{ id: number }]>`
      insert into sources (kind, name, created_us) values ('stream', 'MD@1', 1) returning source_id as id`
    await recorder.sql`select market_ensure('ticks', ${base}, ${base + 2 * dayUs})`
    for (const day of [0, 1, 2])
      await recorder.sql`
        insert into ticks (receive_time_us, venue_time_us, source_id, sequence, venue, instrument, trade_id, side, price,
          quantity) values (${base + day * dayUs}, 1, ${source.id}, ${day}, 'sim', 'BTC-USDT', 't', 1, 100, 1)`
    const reader = market.open('strategies', 'market')
    const count = async () => (await reader.sql`select 1 from ticks where instrument = 'BTC-USDT'`).length
    expect(await count()).toBe(3)
    await recorder.sql`select market_retain('ticks', ${base}, ${base + dayUs})`
    expect(await count()).toBe(2)
  })
})
