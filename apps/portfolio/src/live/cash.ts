import type { Sql } from '@contrail/db'
import { fromFixed, toFixed } from '@contrail/trading'
import type { Fixed } from '@contrail/trading'

/** What is there of an asset, and what of it was brought from outside: deposits less withdrawals. */
export type Cash = {
  readonly account: string
  readonly asset: string
  readonly total: string
  readonly capital: string
}

type Recent = Cash & { counted: boolean; highest: number; ended: boolean; after: string }

/**
 * Cash per account and asset, asked for every few seconds: the ledger only grows, so it is read whole once and then from
 * where all was counted. A transaction gets its number before it is committed: numbers up to the highest that was seen
 * count for good when every transaction of that moment has ended.
 */
export function createCash(sql: Sql, tenant: string) {
  const settled = new Map<string, Cash>()
  let through = 0
  let mark = { id: 0, after: '0' }

  /** One at a time: each counts on from the one before. */
  async function cashNow(): Promise<Cash[]> {
    const rows = await sql<Recent[]>`
      select a.account, a.asset, e.transaction_id <= ${mark.id} as counted,
        coalesce(sum(e.amount) filter (where a.kind = 'cash'), 0) as total,
        -coalesce(sum(e.amount) filter (where a.kind = 'external'), 0) as capital,
        max(e.transaction_id) as highest, pg_snapshot_xmin(pg_current_snapshot()) >= ${mark.after}::xid8 as ended,
        pg_snapshot_xmax(pg_current_snapshot())::text as after
      from ledger_entries e join ledger_accounts a on a.id = e.ledger_account_id
      where a.tenant_id = ${tenant} and a.kind in ('cash', 'external') and e.transaction_id > ${through}
      group by a.account, a.asset, counted`
    const totals = new Map(settled)
    for (const row of rows) add(totals, row)
    const [first] = rows
    if (first?.ended && through < mark.id) {
      for (const row of rows) if (row.counted) add(settled, row)
      through = mark.id
    }
    if (first && through === mark.id) mark = { id: Math.max(...rows.map(({ highest }) => highest)), after: first.after }
    return [...totals.values()]
  }
  let last: Promise<unknown> = Promise.resolve()
  return (): Promise<Cash[]> => {
    const next = last.then(cashNow, cashNow)
    last = next
    return next
  }
}

function add(totals: Map<string, Cash>, { account, asset, total, capital }: Cash): void {
  const name = `${account} ${asset}`
  const known = totals.get(name)
  const plus = (a = '0', b: string): string => fromFixed((toFixed(a) + toFixed(b)) as Fixed)
  totals.set(name, { account, asset, total: plus(known?.total, total), capital: plus(known?.capital, capital) })
}
