import { encodeJson, subjects } from '@contrail/contracts'
import type { Alert, Us } from '@contrail/contracts'
import type { Database, SqlRunner } from '@contrail/db'
import type { Bus, Clock, Logger, Metrics } from '@contrail/runtime'

export type Break = {
  readonly kind: 'fill_not_booked' | 'fill_not_ordered' | 'position_differs' | 'inventory_differs' | 'unbalanced'
  /** What it is about, as one text: the same text is the same break. */
  readonly about: string
  readonly detail: string
}

/** Breaks told in one round; the count says how many there are. */
const TOLD_MAX = 20
/** A comparison reads all there ever was. However much that is, Postgres is busy with it a fiftieth of the time at most. */
const REST_FACTOR = 49
const STATEMENT_MINUTES_MAX = 10

/**
 * Compares, never mends: fills that the orders service holds against those booked here, positions against the fills they
 * were folded from, inventory in the ledger against positions, and the trial balance.
 */
export async function findBreaks(database: Database, tenant: string): Promise<Break[]> {
  return await database.sql.begin(async (sql) => {
    await sql.unsafe(`set local statement_timeout = '${STATEMENT_MINUTES_MAX}min'`)
    return await compare(sql, tenant)
  })
}

async function compare(sql: SqlRunner, tenant: string): Promise<Break[]> {
  return await sql<Break[]>`
    with booked as (select * from portfolio_fills where tenant_id = ${tenant}),
    counting as (select f.* from booked f where f.kind = 'fill' and not exists (select 1 from booked b
      where b.kind = 'bust' and b.account = f.account and b.venue = f.venue and b.instrument = f.instrument
        and b.trade_id = f.trade_id)),
    summed as (select account, strategy, venue, instrument,
      sum(case side when 'buy' then quantity else -quantity end - case when fee_asset =
        case when instrument like '%-PERP' then instrument else split_part(instrument, '-', 1) end
        then fee else 0 end) as quantity
      from counting group by 1, 2, 3, 4),
    held as (select p.account, p.strategy,
        case when instrument like '%-PERP' then instrument else split_part(instrument, '-', 1) end as asset,
        sum(p.quantity) as quantity
      from positions p where p.tenant_id = ${tenant} group by 1, 2, 3),
    inventory as (select a.account, a.strategy, a.asset, sum(e.amount) as quantity
      from ledger_accounts a join ledger_entries e on e.ledger_account_id = a.id
      where a.tenant_id = ${tenant} and a.kind = 'inventory' group by 1, 2, 3)
    select 'fill_not_booked' as kind, concat_ws(' ', f.account, f.venue, f.instrument, f.trade_id) as about,
        format('orders has %s %s at %s', f.side, f.quantity, f.price) as detail
      from fills f where f.tenant_id = ${tenant} and not exists (select 1 from booked b
        where b.kind = 'fill' and b.account = f.account and b.venue = f.venue and b.instrument = f.instrument
          and b.trade_id = f.trade_id and b.strategy = f.strategy and b.side = f.side and b.quantity = f.quantity
          and b.price = f.price and b.fee = f.fee and b.fee_asset = f.fee_asset)
    union all
    select 'fill_not_ordered', concat_ws(' ', b.account, b.venue, b.instrument, b.trade_id),
        format('booked %s %s at %s, unknown to orders', b.side, b.quantity, b.price)
      from booked b where b.kind = 'fill' and not exists (select 1 from fills f
        where f.tenant_id = ${tenant} and f.account = b.account and f.venue = b.venue
          and f.instrument = b.instrument and f.trade_id = b.trade_id)
    union all
    select 'position_differs', concat_ws(' ', account, strategy, venue, instrument),
        format('position %s, sum of fills %s', coalesce(p.quantity, 0), coalesce(s.quantity, 0))
      from (select * from positions where tenant_id = ${tenant}) p
        full join summed s using (account, strategy, venue, instrument)
      where coalesce(p.quantity, 0) <> coalesce(s.quantity, 0)
    union all
    select 'inventory_differs', concat_ws(' ', account, strategy, asset),
        format('ledger %s, positions %s', coalesce(i.quantity, 0), coalesce(h.quantity, 0))
      from inventory i full join held h using (account, strategy, asset)
      where coalesce(i.quantity, 0) <> coalesce(h.quantity, 0)
    union all
    select 'unbalanced', asset, format('trial balance is %s', sum(amount))
      from ledger_entries where tenant_id = ${tenant} group by asset having sum(amount) <> 0`
}

type Options = {
  bus: Bus
  log: Logger
  clock: Clock
  metrics: Metrics
  database: Database
  tenant: string
  everySeconds: number
  /** Done before each round: what KV `positions` was ahead by at the start is looked at again. */
  recheck: () => Promise<unknown>
}

/** A break is told when a second look still finds it: until then it may be a report on its way. Then once, with its age. */
export function createReconciler(options: Options) {
  const { bus, log, clock, metrics, database, tenant } = options
  const seen = new Map<string, { sinceUs: number; told: boolean }>()
  const breaks = metrics.gauge('portfolio_breaks', 'Differences between the books and the orders, by kind', ['kind'])
  const looks = metrics.counter('portfolio_reconciliations_total', 'Times the books were compared')
  const oldest = metrics.gauge('portfolio_break_age_seconds', 'Age of the oldest difference')
  let timer: { cancel(): void } | undefined
  let running: Promise<unknown> = Promise.resolve()
  let stopped = false

  async function look(): Promise<void> {
    const found = await findBreaks(database, tenant)
    const nowUs = clock.nowUs()
    const names = new Set(found.map(nameOf))
    for (const name of seen.keys()) if (!names.has(name)) seen.delete(name)
    breaks.reset()
    let told = 0
    for (const one of found) {
      breaks.inc({ kind: one.kind })
      const before = seen.get(nameOf(one))
      if (!before) seen.set(nameOf(one), { sinceUs: nowUs, told: false })
      else if (!before.told && told < TOLD_MAX) {
        await tell(one, before.sinceUs, nowUs)
        before.told = true
        told++
      }
    }
    const since = Math.min(nowUs, ...[...seen.values()].map(({ sinceUs }) => sinceUs))
    oldest.set((nowUs - since) / 1_000_000)
    looks.inc()
  }

  async function tell(one: Break, sinceUs: number, nowUs: number): Promise<void> {
    const alert: Alert = {
      schema: 1,
      severity: 'critical',
      kind: 'position_break',
      source: 'portfolio',
      text: `${one.kind}: ${one.about}: ${one.detail}; for ${Math.round((nowUs - sinceUs) / 1_000_000)} s`,
      about: { break: one.kind, what: one.about },
      atUs: nowUs as Us,
    }
    log.error({ break: one }, alert.text)
    await bus.publish(subjects.alert(alert.severity, alert.kind), encodeJson(alert))
  }

  function schedule(tookMs = 0): void {
    if (stopped) return
    timer = clock.setTimer(Math.max(options.everySeconds * 1000, tookMs * REST_FACTOR), () => {
      const beganMs = clock.monotonicMs()
      running = options
        .recheck()
        .then(look)
        .catch((error: unknown) => log.warn({ err: error }, 'the books could not be compared'))
        .finally(() => schedule(clock.monotonicMs() - beganMs))
    })
  }

  schedule()
  return {
    async stop() {
      stopped = true
      timer?.cancel()
      await running
    },
  }
}

const nameOf = (one: Break): string => `${one.kind} ${one.about}`
