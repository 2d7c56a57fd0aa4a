import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sql } from './database.ts'
import { createTestDatabases } from './testing.ts'
import type { TestDatabases } from './testing.ts'

let databases: TestDatabases
let sql: Sql
const accounts: Record<string, number> = {}
beforeAll(async () => {
  databases = await createTestDatabases()
  ;({ sql } = databases.open('portfolio', 'trade', { tenant: 'main' }))
  for (const [name, asset] of [
    ['usdt', 'USDT'],
    ['usdt2', 'USDT'],
    ['btc', 'BTC'],
  ] as const) {
    const [row] = await sql<[{ id: number }]>`
      insert into ledger_accounts (tenant_id, account, strategy, kind, asset)
      values ('main', 'paper', ${name}, 'cash', ${asset}) returning id`
    accounts[name] = row.id
  }
})
afterAll(() => databases.drop())

type Line = [account: string, asset: string, amount: string]
let keys = 0
const book = (lines: Line[], key = `k${++keys}`): Promise<number> =>
  sql.begin(async (tx) => {
    const [row] = await tx<[{ id: number }]>`
      insert into ledger_transactions (tenant_id, account, key, kind, description, strategy, at_us)
      values ('main', 'paper', ${key}, 'transfer', 'test', '', 1) returning id`
    await tx`insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
      select ${row.id}::bigint, line, 'main', account_id, asset, amount
      from unnest(${lines.map((_, index) => index)}::int[], ${lines.map(([name]) => accounts[name] as number)}::bigint[],
        ${lines.map(([, asset]) => asset)}::text[], ${lines.map(([, , amount]) => amount)}::numeric[])
        as lines (line, account_id, asset, amount)`
    return row.id
  }) as Promise<number>

describe('a ledger transaction', () => {
  test('that sums to zero per asset is booked, its entries in one statement', async () => {
    const id = await book([
      ['usdt', 'USDT', '5'],
      ['usdt2', 'USDT', '-4.999999999999999999'],
      ['usdt2', 'USDT', '-0.000000000000000001'],
    ])
    expect(await sql`select 1 from ledger_entries where transaction_id = ${id}`).toHaveLength(3)
  })

  test.each<[string, Line[]]>([
    [
      'is off by the last unit',
      [
        ['usdt', 'USDT', '5'],
        ['usdt2', 'USDT', '-4.999999999999999999'],
      ],
    ],
    [
      'balances across assets only',
      [
        ['usdt', 'USDT', '5'],
        ['btc', 'BTC', '-5'],
      ],
    ],
    ['has one side', [['usdt', 'USDT', '5']]],
    ['has an entry of nothing', [['usdt', 'USDT', '0']]],
    [
      'books an asset to an account of another',
      [
        ['btc', 'USDT', '5'],
        ['usdt', 'USDT', '-5'],
      ],
    ],
  ])('that %s is refused whole', async (_name, lines) => {
    const key = `refused${++keys}`
    await expect(book(lines, key)).rejects.toMatchObject({ code: '23514' })
    expect(await sql`select 1 from ledger_transactions where key = ${key}`).toHaveLength(0)
  })

  test('is there before its entries', async () => {
    const usdt = accounts['usdt'] as number
    const none = sql`insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
      values (999999, 1, 'main', ${usdt}, 'USDT', 1), (999999, 2, 'main', ${usdt}, 'USDT', -1)`
    await expect(none).rejects.toMatchObject({ code: '23503' })
  })

  test('has accounts that there are, and of its tenant', async () => {
    const id = await book([])
    const usdt = accounts['usdt'] as number
    const [other] = await databases.open('admin', 'trade').sql<[{ id: number }]>`
      insert into ledger_accounts (tenant_id, account, strategy, kind, asset)
      values ('another', 'paper', 'x', 'cash', 'USDT') returning id`
    for (const account of [999999, other.id]) {
      const entries = sql`insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
        values (${id}, 1, 'main', ${usdt}, 'USDT', 1), (${id}, 2, 'main', ${account}, 'USDT', -1)`
      await expect(entries).rejects.toMatchObject({ code: '23514' })
    }
  })

  test('is booked once per key', async () => {
    await book([], 'once')
    await expect(book([], 'once')).rejects.toMatchObject({ code: '23505' })
  })

  test('cannot be added to later without balance', async () => {
    const id = await book([
      ['usdt', 'USDT', '5'],
      ['usdt2', 'USDT', '-5'],
    ])
    const late = sql`insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
      values (${id}, 9, 'main', ${accounts['usdt'] as number}, 'USDT', 1)`
    await expect(late).rejects.toMatchObject({ code: '23514' })
  })

  test('cannot lend its balance to another of the same statement', async () => {
    const [a, b] = [await book([]), await book([])]
    const usdt = accounts['usdt'] as number
    const both = sql`insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
      values (${a}, 1, 'main', ${usdt}, 'USDT', 1), (${b}, 1, 'main', ${usdt}, 'USDT', -1)`
    await expect(both).rejects.toMatchObject({ code: '23514' })
  })
})

test.each([
  'update ledger_entries set amount = amount * 2',
  'delete from ledger_entries',
  'truncate ledger_entries cascade',
])('nobody can %s, the owner neither', async (statement) => {
  await expect(sql.unsafe(statement)).rejects.toMatchObject({ code: '42501' })
  const admin = databases.open('admin', 'trade')
  await expect(admin.sql.unsafe(statement)).rejects.toMatchObject({ code: '23001' })
})
