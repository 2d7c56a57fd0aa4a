import type { Database } from '@contrail/db'
import { depositEntries, WHOLE_ACCOUNT } from '@contrail/trading'
import { bookTransaction } from './ledger.ts'
import type { LedgerAccounts } from './ledger.ts'

/** The paper account's start cash: a deposit per currency, booked once for ever. Gives the currencies booked now. */
export async function bookStartCash(
  database: Database,
  accounts: LedgerAccounts,
  start: { tenant: string; account: string; currencies: readonly string[]; amount: string; atUs: number },
): Promise<string[]> {
  const booked: string[] = []
  for (const asset of start.currencies) {
    const entries = depositEntries(asset, start.amount)
    const ids = await accounts.ensure(start.account, entries)
    const id = await database.sql.begin((tx) =>
      bookTransaction(
        tx,
        {
          tenant: start.tenant,
          account: start.account,
          key: `deposit:start:${asset}`,
          kind: 'deposit',
          description: `start cash of ${start.amount} ${asset}`,
          strategy: WHOLE_ACCOUNT,
          atUs: start.atUs,
        },
        entries,
        ids,
      ),
    )
    if (id !== undefined) booked.push(asset)
  }
  return booked
}
