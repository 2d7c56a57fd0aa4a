import { clockSchema, decodeJson, SECOND_US, subjects } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import type { Bus, Logger } from '@contrail/runtime'
import { assetsOf, fromFixed, toFixed } from '@contrail/trading'
import type { Fixed } from '@contrail/trading'
import { valued } from '../books/valuation.ts'
import type { PositionRow } from '../books/positions.ts'
import type { Cash } from './cash.ts'
import type { Marks } from './marks.ts'

type EquityOf = { readonly account: string; readonly currency: string; readonly equity: string }

/**
 * Cash of the currency and the worth of the positions quoted in it. What is held for a position is counted there, not
 * as cash. A position without a mark counts at cost.
 */
function equityOf(cash: readonly Cash[], rows: readonly PositionRow[], marks: Marks): EquityOf[] {
  const totals = new Map<string, { account: string; currency: string; equity: Fixed }>()
  const add = (account: string, currency: string, amount: Fixed) => {
    const name = `${account} ${currency}`
    const equity = ((totals.get(name)?.equity ?? 0n) + amount) as Fixed
    totals.set(name, { account, currency, equity })
  }
  for (const { account, asset, total } of cash) add(account, asset, toFixed(total))
  for (const row of rows) {
    const { worth } = valued(row, marks.of(row.venue, row.instrument))
    add(row.account, assetsOf(row.instrument).quote, worth ?? toFixed(row.cost))
  }
  return [...totals.values()].map((one) => ({ ...one, equity: fromFixed(one.equity) }))
}

/** A point per account and currency every so often, by the platform's clock. One at a time; a slow one skips. */
export function sampleEquity(options: {
  bus: Bus
  database: Database
  tenant: string
  marks: Marks
  cash: () => Promise<Cash[]>
  log: Logger
  everySeconds: number
}) {
  const { bus, database, tenant, marks, log } = options
  let lastUs = 0
  let running: Promise<void> = Promise.resolve()
  let busy = false

  async function sample(atUs: number): Promise<void> {
    const cash = await options.cash()
    const rows = await database.sql<PositionRow[]>`
      select * from positions where tenant_id = ${tenant} and quantity <> 0`
    const points = equityOf(cash, rows, marks)
    if (points.length === 0) return
    await database.sql`
      insert into equity_points (tenant_id, account, currency, at_us, equity)
      select ${tenant}, account, currency, ${atUs}, equity
      from unnest(${points.map(({ account }) => account)}::text[], ${points.map(({ currency }) => currency)}::text[],
        ${points.map(({ equity }) => equity)}::numeric[]) as points (account, currency, equity)
      on conflict do nothing`
  }

  const subscription = bus.subscribe(subjects.clock(), (_, data) => {
    const atUs = decodeJson(clockSchema, data, 'md.clock').receiveTimeUs
    if (busy || (atUs >= lastUs && atUs - lastUs < options.everySeconds * SECOND_US)) return
    lastUs = atUs
    busy = true
    running = sample(atUs)
      .catch((error: unknown) => log.warn({ err: error }, 'no equity point'))
      .finally(() => (busy = false))
  })
  return {
    async stop() {
      subscription.stop()
      await running
    },
  }
}
