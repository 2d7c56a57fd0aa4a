import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, withTenant } from './database.ts'
import type { Database, SqlRunner, Transaction } from './database.ts'
import { assertDurable } from './durable.ts'
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

  const kill = async (pid: number) => {
    const other = openDatabase(databases.adminUrls.user, { max: 1 })
    const [row] = await other.sql<[{ gone: boolean }]>`select pg_terminate_backend(${pid}, 5000) as gone`
    await other.close()
    expect(row.gone).toBe(true)
  }
  const pidOf = async (runner: SqlRunner) => (await runner<[{ pid: number }]>`select pg_backend_pid() as pid`)[0].pid

  test('a killed backend is replaced, and its error is not given to the next statement', async () => {
    await kill(await pidOf(one.sql))
    // Those sent before its end is heard find it gone.
    const answers: unknown[] = []
    for (let tries = 0; tries < 100 && answers.length === 0; tries++)
      answers.push(
        ...(await one.sql`select 7 as y`.catch((error: { code: string }) => {
          expect(['08006', '57P01', 'CONNECTION_CLOSED']).toContain(error.code)
          return []
        })),
      )
    expect(answers).toEqual([{ y: 7 }])
  })

  test('a statement in hand when its backend is killed fails with an error of its own', async () => {
    const pid = await pidOf(one.sql)
    const running = one.sql`select i, pg_sleep(case when i > 3 then 20 else 0 end) from generate_series(1, 9) i`.catch(
      (error: { code: string }) => error.code,
    )
    await kill(pid)
    expect(await running).toBe('CONNECTION_CLOSED')
    for (let i = 0; i < 3; i++) expect([...(await one.sql`select ${i}::int as y`)]).toEqual([{ y: i }])
  })

  test.each([
    ['between its statements', async (tx: Transaction) => kill(await pidOf(tx))],
    [
      'in a statement',
      async (tx: Transaction) => {
        const pid = await pidOf(tx)
        const running = tx`select pg_sleep(20)`.catch(() => undefined)
        await kill(pid)
        await running
      },
    ],
  ])('a transaction whose backend is killed %s does nothing at all, and nothing after it', async (_name, lose) => {
    await one.sql`create table if not exists kept (x int)`
    const transaction = one.sql.begin(async (tx) => {
      await tx`insert into kept values (1)`
      await lose(tx)
      const late = await tx`insert into kept values (2)`.catch(() => 'refused')
      const again = await tx`insert into kept values (${3})`.catch(() => 'refused')
      return [late, again]
    })
    await expect(transaction).rejects.toThrow()
    for (let i = 0; i < 3; i++) expect(await one.sql`select x from kept where x > ${i}`).toHaveLength(0)
    await one.sql.begin((tx) => tx`insert into kept values (9)`)
    expect([...(await one.sql`select x from kept`)]).toEqual([{ x: 9 }])
    await one.sql`truncate kept`
  })

  test('transactions beside each other while backends are killed are whole or nothing', async () => {
    const pool = databases.open('admin', 'trade', { max: 3, name: 'hunted' })
    await pool.sql`create table if not exists pairs (id int, half int)`
    let done = false
    const hunt = async () => {
      while (!done) {
        await one.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hunted'
          order by random() limit 1`
        await one.sql`select pg_sleep(0.01)`
      }
    }
    const hunting = hunt()
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, id) =>
        pool.sql
          .begin(async (tx) => {
            await tx`insert into pairs values (${id}, 1)`
            await tx`insert into pairs values (${id}, 2)`
          })
          .then(
            () => 'kept',
            () => 'lost',
          ),
      ),
    )
    done = true
    await hunting
    const halves = await one.sql`select id from pairs group by id having count(*) <> 2 or sum(half) <> 3`
    expect([...halves]).toEqual([])
    const [row] = await one.sql<[{ pairs: number }]>`select count(distinct id) as pairs from pairs`
    expect(row.pairs).toBeGreaterThanOrEqual(outcomes.filter((outcome) => outcome === 'kept').length)
    expect(outcomes).toContain('kept')
  })

  test('numbers: NUMERIC is text, BIGINT is a whole number, JSON goes in and comes back', async () => {
    const [row] = await one.sql`
      select 0.100000000000000001::numeric as n, 1700000000000000::bigint as b, ${one.sql.json({ a: [1] })}::jsonb as j`
    expect(row).toEqual({ n: '0.100000000000000001', b: 1_700_000_000_000_000, j: { a: [1] } })
    await expect(one.sql`select 9007199254740993::bigint as b`).rejects.toMatchObject({ code: 'too_large' })
    expect([...(await one.sql`select 1 as after`)]).toEqual([{ after: 1 }])
  })

  test('arrays go in and come back, whatever is in them', async () => {
    const texts = ['plain', '', 'NULL', 'a,b', '{x}', 'say "no"', 'back\\slash', 'two\nlines', 'ü', null]
    const [row] = await one.sql`
      select ${texts}::text[] as t, ${[1, null, 3]}::int[] as i, ${[1_700_000_000_000_000]}::bigint[] as b,
        ${['0.1', '-0.000000000000000001']}::numeric[] as n, ${[]}::text[] as none, ${[{ a: '"' }] as never}::jsonb[] as j,
        ${[1.5, 1e-7]}::float8[] as f `
    expect(row).toEqual({
      t: texts,
      i: [1, null, 3],
      b: [1_700_000_000_000_000],
      n: ['0.1', '-0.000000000000000001'],
      none: [],
      j: [{ a: '"' }],
      f: [1.5, 1e-7],
    })
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
    await b.sql`insert into equity_points (tenant_id, account, currency, at_us, equity) values ('b', 'of-b', 'USDT', 1, 5)`
    await a.sql`update equity_points set equity = 6`
    expect([...(await b.sql`select equity from equity_points`)]).toEqual([{ equity: '5' }])
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
