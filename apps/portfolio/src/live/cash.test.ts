import { createTestDatabases } from '@contrail/db/testing'
import { depositEntries, fromFixed, toFixed } from '@contrail/trading'
import type { Transaction } from '@contrail/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookTransaction, createLedgerAccounts } from '../books/ledger.ts'
import { createCash } from './cash.ts'
import type { Cash } from './cash.ts'

let databases: Awaited<ReturnType<typeof createTestDatabases>>
beforeAll(async () => {
  databases = await createTestDatabases()
})
afterAll(() => databases.drop())

test('cash that is counted on is the sum of all entries, also of a transaction that was overtaken', async () => {
  const { sql } = databases.open('portfolio', 'trade', { tenant: 'main' })
  const accounts = createLedgerAccounts(sql, 'main')
  const cashNow = createCash(sql, 'main')
  let count = 0
  async function deposit(tx: Transaction, asset: string, amount: string): Promise<void> {
    const entries = depositEntries(asset, amount)
    const [tenant, account] = ['main', count % 2 === 0 ? 'paper' : 'other']
    const made = {
      tenant,
      account,
      key: `d${++count}`,
      kind: 'deposit',
      description: 'd',
      strategy: '',
      atUs: 1,
    } as const
    await bookTransaction(tx, made, entries, await accounts.ensure(account, entries))
  }
  const book = (asset: string, amount: string) => sql.begin((tx) => deposit(tx, asset, amount))
  const plain = (text: string) => fromFixed(toFixed(text))
  /** Nothing is traded here: all cash was brought. */
  async function agrees(): Promise<number> {
    const rows = await sql<Cash[]>`
      select a.account, a.asset, sum(e.amount) as total, sum(e.amount) as capital
        from ledger_accounts a join ledger_entries e
        on e.ledger_account_id = a.id where a.kind = 'cash' group by 1, 2`
    const texts = (all: readonly Cash[]) =>
      all.map((one) => `${one.account} ${one.asset} ${plain(one.total)} of ${plain(one.capital)}`).sort()
    const cash = texts(await cashNow())
    expect(cash).toEqual(texts(rows))
    return cash.length
  }
  expect(await agrees()).toBe(0)
  await book('USDT', '100')
  await book('BTC', '0.5')
  expect(await agrees()).toBe(2)
  await sql.begin(async (late) => {
    // It has its number, and others come and go before it is committed.
    await deposit(late, 'USDT', '7')
    for (const amount of ['1.1', '-0.3', '2']) {
      await book('USDT', amount)
      await agrees()
      await agrees()
    }
  })
  for (const amount of ['5', '-2.000000000000000001']) {
    expect(await agrees()).toBe(3)
    await book('USDT', amount)
  }
  await agrees()
})
