import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { GRANTS, PRIVILEGES, privilegesOf, writerOf } from './grants.ts'
import type { Privilege } from './grants.ts'
import { DATABASES, DB_ROLES } from './names.ts'
import type { DatabaseName, DbRole } from './names.ts'
import { urlOf } from './migrate.ts'
import { listTables, quote, roleName } from './roles.ts'
import type { TableRow } from './roles.ts'
import { createTestDatabases } from './testing.ts'
import type { TestDatabases } from './testing.ts'

const DENIED = '42501'
let databases: TestDatabases
const tables = {} as Record<DatabaseName, TableRow[]>
const columns = new Map<string, string>()
beforeAll(async () => {
  databases = await createTestDatabases()
  for (const database of DATABASES) {
    const { sql } = databases.open('admin', database)
    tables[database] = await listTables(sql)
    for (const { table } of tables[database]) {
      const [row] = await sql<[{ name: string }]>`select attname as name from pg_attribute
        where attrelid = ${table}::regclass and attnum > 0 order by attnum limit 1`
      columns.set(`${database}.${table}`, row.name)
    }
  }
})
afterAll(() => databases.drop())

/** Each touches no row: what is asked for is the right, which is judged before anything else. */
const probes: Record<Privilege, (table: string, column: string) => string> = {
  select: (table) => `select 1 from ${table} where false`,
  insert: (table) => `insert into ${table} select (null::${table}).* where false`,
  update: (table, column) => `update ${table} set ${column} = null where false`,
  delete: (table) => `delete from ${table} where false`,
}

async function isAllowed(connection: Database, statement: string): Promise<boolean> {
  try {
    await connection.sql.unsafe(statement)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === DENIED) return false
    throw error
  }
}

/** The cells of one role and database whose answer is not the table's. */
async function differences(connection: Database, role: DbRole, database: DatabaseName): Promise<string[]> {
  const found: string[] = []
  for (const { table, append_only } of tables[database]) {
    const wanted = privilegesOf(role, database, table, append_only)
    for (const privilege of PRIVILEGES) {
      const column = columns.get(`${database}.${table}`) as string
      const allowed = await isAllowed(connection, probes[privilege](quote(table), quote(column)))
      if (allowed !== wanted.includes(privilege)) found.push(`${role} ${privilege} ${database}.${table}: ${allowed}`)
    }
  }
  return found
}

describe.each(DB_ROLES)('%s', (role) => {
  test.each(DATABASES)('in %s: every cell is as the table of grants says', async (database) => {
    expect(tables[database].length).toBeGreaterThan(1)
    if (GRANTS[role][database])
      return expect(await differences(databases.open(role, database, { max: 1 }), role, database)).toEqual([])
    const name = new URL(databases.adminUrls[database]).pathname.slice(1)
    const url = urlOf(databases.adminUrls[database], name, roleName('contrail_test', role), databases.passwords[role])
    const stranger = openDatabase(url, { max: 1 })
    await expect(stranger.sql`select 1`).rejects.toMatchObject({ code: DENIED })
    await stranger.close()
  })

  test('makes, drops and becomes nothing', async () => {
    const [database] = Object.keys(GRANTS[role]) as DatabaseName[]
    const { sql } = databases.open(role, database as DatabaseName, { max: 1 })
    const table = tables[database as DatabaseName][0]?.table as string
    for (const statement of [
      'create table mine (x int)',
      'create schema mine',
      `alter table ${quote(table)} add column x int`,
      `alter table ${quote(table)} disable row level security`,
      `truncate ${quote(table)}`,
      `drop table ${quote(table)}`,
      'create role mine',
      'set role postgres',
      'select 1 from contrail_migrations',
    ])
      await expect(sql.unsafe(statement), statement).rejects.toMatchObject({ code: DENIED })
  })
})

test('each table has one writer, and that service may write in its database', () => {
  for (const database of DATABASES)
    for (const { table } of tables[database]) {
      const writer = writerOf(database, table)
      expect(GRANTS[writer][database], `${database}.${table}`).toBe('write')
      const others = DB_ROLES.filter((role) => role !== writer)
      for (const role of others)
        expect(privilegesOf(role, database, table, false), `${role} ${database}.${table}`).not.toContain('insert')
    }
})

test('every table with a tenant has row-level security, enabled and forced, with the one policy', async () => {
  const without: string[] = []
  for (const database of DATABASES) {
    const { sql } = databases.open('admin', database)
    for (const { table, tenant } of tables[database]) {
      const [row] = await sql<[{ enabled: boolean; forced: boolean; policies: string[] }]>`
        select relrowsecurity as enabled, relforcerowsecurity as forced,
          array(select qual || ' ' || with_check || ' ' || cmd from pg_policies where tablename = ${table}) as policies
        from pg_class where oid = ${quote(table)}::regclass`
      if (!tenant) {
        without.push(`${database}.${table}`)
        continue
      }
      expect(row, table).toMatchObject({ enabled: true, forced: true })
      expect(row.policies, table).toHaveLength(1)
      expect(row.policies[0], table).toMatch(/tenant.* = .*app\.tenant.*tenant.* = .*app\.tenant.* ALL/)
    }
  }
  // What belongs to no tenant: market data, which is the same for all.
  expect(without.filter((name) => !name.startsWith('market.'))).toEqual([])
})

test('what runs with the owner’s rights is for the writer of the database alone', async () => {
  const { sql } = databases.open('admin', 'market')
  const rows = await sql<{ name: string; allowed: boolean }[]>`
    select p.proname as name, has_function_privilege('contrail_test_portfolio', p.oid, 'execute')
      or has_function_privilege('contrail_test_strategies', p.oid, 'execute') as allowed
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and p.prosecdef`
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter((row) => row.allowed)).toEqual([])
})
