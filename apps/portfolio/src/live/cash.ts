import type { Sql } from '@contrail/db'
import { fromFixed, toFixed } from '@contrail/trading'
import type { Fixed } from '@contrail/trading'

export type Cash = { readonly account: string; readonly asset: string; readonly total: string }

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

  async function cashNow(): Promise<Cash[]> {
    const rows = await sql<Recent[]>`
      select a.account, a.asset, e.transaction_id <= ${mark.id} as counted, sum(e.amount) as total,
        max(e.transaction_id) as highest, pg_snapshot_xmin(pg_current_snapshot()) >= ${mark.after}::xid8 as ended,
        pg_snapshot_xmax(pg_current_snapshot())::text as after
      from ledger_entries e join ledger_accounts a on a.id = e.ledger_account_id
      where a.tenant_id = ${tenant} and a.kind = 'cash' and e.transaction_id > ${through}
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
  return cashNow
}

function add(totals: Map<string, Cash>, { account, asset, total }: Cash): void {
  const name = `${account} ${asset}`
  const sum = toFixed(totals.get(name)?.total ?? '0') + toFixed(total)
  totals.set(name, { account, asset, total: fromFixed(sum as Fixed) })
}
