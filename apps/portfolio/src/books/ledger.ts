import type { Confirm } from '@contrail/contracts'
import type { Sql, Transaction } from '@contrail/db'
import type { BookedFill, LedgerEntry } from '@contrail/trading'
import type { PositionKey } from './keys.ts'

export type NewTransaction = {
  readonly tenant: string
  readonly account: string
  readonly key: string
  readonly kind: 'fill' | 'deposit' | 'transfer' | 'funding' | 'reversal'
  readonly reverses?: number | undefined
  readonly description: string
  readonly strategy: string
  readonly venue?: string
  readonly instrument?: string
  readonly atUs: number
}

/** A fill, or what takes one back, as it was told. */
export type Reported = { readonly key: PositionKey; readonly confirm: Confirm; readonly booked: BookedFill }

export type AccountIds = (entry: LedgerEntry) => number

/** Ids of ledger accounts; made when first met, never changed, so that they may be remembered. */
export function createLedgerAccounts(sql: Sql, tenant: string) {
  const known = new Map<string, number>()
  const nameOf = (account: string, entry: LedgerEntry) => [account, entry.strategy, entry.kind, entry.asset].join(' ')
  return {
    /** Outside the booking transaction: two bookings that make the same account must not wait for each other. */
    async ensure(account: string, entries: readonly LedgerEntry[]): Promise<AccountIds> {
      for (const entry of entries) {
        const name = nameOf(account, entry)
        if (known.has(name)) continue
        const { strategy, kind, asset } = entry
        await sql`insert into ledger_accounts (tenant_id, account, strategy, kind, asset)
          values (${tenant}, ${account}, ${strategy}, ${kind}, ${asset}) on conflict do nothing`
        const [row] = await sql<[{ id: number }]>`select id from ledger_accounts where tenant_id = ${tenant}
          and account = ${account} and strategy = ${strategy} and kind = ${kind} and asset = ${asset}`
        known.set(name, row.id)
      }
      return (entry) => known.get(nameOf(account, entry)) as number
    },
  }
}
export type LedgerAccounts = ReturnType<typeof createLedgerAccounts>

/** The transaction of a report, under the key of its fact. */
export function transactionOf(report: Reported, key: string, kind: 'fill' | 'reversal'): NewTransaction {
  const { confirm, booked } = report
  const verb = kind === 'fill' ? (booked.side === 'buy' ? 'bought' : 'sold') : 'taken back:'
  return {
    tenant: report.key.tenant,
    account: report.key.account,
    key,
    kind,
    description: `${verb} ${booked.quantity} ${report.key.instrument} at ${booked.price} for ${confirm.orderId}`,
    strategy: report.key.strategy,
    venue: report.key.venue,
    instrument: report.key.instrument,
    atUs: confirm.atUs,
  }
}

/** Books once per key. Undefined = this fact was booked before, nothing has changed. */
export async function bookTransaction(
  tx: Transaction,
  transaction: NewTransaction,
  entries: readonly LedgerEntry[],
  ids: AccountIds,
): Promise<number | undefined> {
  const { tenant, account, key, kind, description, strategy, atUs } = transaction
  // One statement: a booking makes few round trips, for the next report of its strategy waits for it.
  const [row] = await tx<{ id: number }[]>`
    with made as (
      insert into ledger_transactions
        (tenant_id, account, key, kind, reverses, description, strategy, venue, instrument, at_us)
      values (${tenant}, ${account}, ${key}, ${kind}, ${transaction.reverses ?? null}, ${description}, ${strategy},
        ${transaction.venue ?? null}, ${transaction.instrument ?? null}, ${atUs})
      on conflict (tenant_id, account, key) do nothing returning id
    ), booked as (
      insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
      select made.id, line, ${tenant}, account_id, asset, amount
      from made, unnest(${entries.map((_, index) => index + 1)}::int[], ${entries.map(ids)}::bigint[],
        ${entries.map(({ asset }) => asset)}::text[], ${entries.map(({ amount }) => amount)}::numeric[])
        as lines (line, account_id, asset, amount)
    )
    select id from made`
  return row?.id
}
