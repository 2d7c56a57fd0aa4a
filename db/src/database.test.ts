import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, withTenant } from './database.ts'
import type { Database } from './database.ts'
import { assertDurable } from './durable.ts'
import { frameRepair } from './guarded-socket.ts'
import { createTestDatabases } from './testing.ts'
import type { TestDatabases } from './testing.ts'

let databases: TestDatabases
let one: Database
beforeAll(async () => {
  databases = await createTestDatabases()
  one = databases.open('admin', 'trade', { max: 1 })
})
afterAll(() => databases.drop())

describe('a connection', () => {
  test('a statement that fails half-way does not spoil the next result', async () => {
    for (let round = 0; round < 3; round++) {
      await expect(one.sql`select 1 / (5 - i) as x from generate_series(1, 10) i`).rejects.toThrow('division by zero')
      expect([...(await one.sql`select 7 as y`)]).toEqual([{ y: 7 }])
    }
  })

  test('nor are those sent behind it hurt', async () => {
    const failing = one.sql`select 1 / (5 - i) as x from generate_series(1, 10) i`.catch(
      (error: Error) => error.message,
    )
    const behind = Array.from({ length: 5 }, (_, i) =>
      one.sql`select ${i}::int as y`.then(([row]) => row?.['y'] as number),
    )
    expect(await failing).toBe('division by zero')
    expect(await Promise.all(behind)).toEqual([0, 1, 2, 3, 4])
  })

  test('in a transaction the error is the statement’s own', async () => {
    const failing = one.sql.begin((tx) => tx`select 1 / (5 - i) as x from generate_series(1, 10) i`)
    await expect(failing).rejects.toThrow('division by zero')
    expect([...(await one.sql`select 7 as y`)]).toEqual([{ y: 7 }])
  })

  test('a killed backend is replaced', async () => {
    const [row] = await one.sql<[{ pid: number }]>`select pg_backend_pid() as pid`
    const other = databases.open('admin', 'user')
    await other.sql`select pg_terminate_backend(${row.pid}, 5000)`
    // Those on the way when it dies find it gone, with an error and never with an answer of something else.
    const answers: unknown[] = []
    for (let tries = 0; tries < 100 && answers.length === 0; tries++)
      answers.push(...(await one.sql`select 7 as y`.catch(() => [])))
    expect(answers).toEqual([{ y: 7 }])
  })

  test('numbers: NUMERIC is text, BIGINT is a whole number, arrays and JSON go in and come back', async () => {
    const [row] = await one.sql`
      select 0.100000000000000001::numeric as n, 1700000000000000::bigint as b, ${one.sql.json({ a: [1] })}::jsonb as j,
        (select sum(x)::text from unnest(${['0.1', '0.2']}::numeric[]) x) as s`
    expect(row).toEqual({ n: '0.100000000000000001', b: 1_700_000_000_000_000, j: { a: [1] }, s: '0.3' })
  })

  test('a statement that takes too long is ended', async () => {
    const hasty = databases.open('admin', 'trade', { statementTimeoutMs: 50 })
    await expect(hasty.sql`select pg_sleep(20)`).rejects.toMatchObject({ code: '57014' })
  })

  test('no server is an error in time, not a wait', async () => {
    const nobody = openDatabase('postgres://nobody@127.0.0.1:1/nothing', { max: 1 })
    await expect(nobody.sql`select 1`).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await nobody.close()
  })
})

describe('frames', () => {
  const frame = (kind: string, body = ''): Buffer => {
    const bytes = Buffer.alloc(5 + body.length)
    bytes.write(kind)
    bytes.writeInt32BE(4 + body.length, 1)
    bytes.write(body, 5)
    return bytes
  }
  const done = frame('C', 'SELECT 0\0')
  const row = frame('D', 'row')
  const error = frame('E', 'bad')
  const ready = frame('Z', 'I')

  test('an error among rows is preceded by an end, over any cut between chunks', () => {
    const spoilt = Buffer.concat([frame('T', 'abc'), row, row, error, ready, row])
    for (let size = 1; size <= spoilt.length; size++) {
      const repair = frameRepair()
      const parts: Buffer[] = []
      for (let at = 0; at < spoilt.length; at += size) parts.push(...repair(spoilt.subarray(at, at + size)))
      expect(Buffer.concat(parts)).toEqual(Buffer.concat([frame('T', 'abc'), row, row, done, error, ready, row]))
    }
  })

  test.each([
    ['an error without rows', [error, ready]],
    ['rows that ended', [row, frame('C', 'SELECT 1\0'), error, ready]],
    ['a second error', [error, ready, error, ready]],
    ['no bytes', []],
  ])('%s pass as they are', (_name, frames) => {
    expect(Buffer.concat(frameRepair()(Buffer.concat(frames)))).toEqual(Buffer.concat(frames))
  })
})

describe('tenants', () => {
  const insert = (database: Database, tenant: string, account: string) =>
    database.sql`insert into ledger_accounts (tenant_id, account, strategy, kind, asset)
      values (${tenant}, ${account}, 's', 'cash', 'USDT')`
  const seen = async (database: Database) =>
    (await database.sql<{ account: string }[]>`select account from ledger_accounts order by 1`).map(
      (row) => row.account,
    )

  test('see their own rows alone, and without one there are none', async () => {
    const a = databases.open('portfolio', 'trade', { tenant: 'a' })
    const b = databases.open('portfolio', 'trade', { tenant: 'b' })
    const none = databases.open('portfolio', 'trade')
    await insert(a, 'a', 'of-a')
    await insert(b, 'b', 'of-b')
    expect(await seen(a)).toEqual(['of-a'])
    expect(await seen(b)).toEqual(['of-b'])
    expect(await seen(none)).toEqual([])
    await expect(insert(a, 'b', 'smuggled')).rejects.toMatchObject({ code: '42501' })
    await expect(insert(none, 'a', 'smuggled')).rejects.toMatchObject({ code: '42501' })
    await a.sql`update ledger_accounts set strategy = 'x' where account = 'of-b'`
    expect([...(await b.sql`select strategy from ledger_accounts`)]).toEqual([{ strategy: 's' }])
  })

  test('a pooled connection does not keep the tenant of a transaction', async () => {
    const pool = databases.open('portfolio', 'trade', { max: 1 })
    const inside = await withTenant(pool.sql, 'a', async (tx) => (await tx`select 1 from ledger_accounts`).length)
    expect(inside).toBe(1)
    expect(await seen(pool)).toEqual([])
  })
})

test('a server that may lose what it acknowledged is refused, unless a test asks for it', async () => {
  const { sql } = one
  const [row] = await sql<[{ off: string }]>`select current_setting('synchronous_commit') as off`
  if (row.off === 'on') await sql`set synchronous_commit = off`
  await expect(assertDurable(sql)).rejects.toMatchObject({ code: 'not_durable' })
  await expect(assertDurable(sql, { allowUnsafe: true })).resolves.toBeUndefined()
})
