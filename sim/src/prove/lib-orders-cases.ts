import { TERMINAL_STATUSES } from '@contrail/contracts'
import type { OrderStatus } from '@contrail/contracts'
import { awaited, CALM } from './lib-orders-world.ts'
import type { App, Market, OrdersWorld } from './lib-orders-world.ts'

export const ORDER_KINDS = ['market', 'limit', 'stop', 'stop_limit', 'cancel', 'amend'] as const
export type OrderKind = (typeof ORDER_KINDS)[number]

const DOWN: Market = { bid: 99.2, ask: 99.3, last: 99.2, side: 'sell' }
const UP: Market = { bid: 101.1, ask: 101.2, last: 101.2, side: 'buy' }

type Case = {
  /** Placed before anything goes wrong; the operation is about it. */
  readonly before?: Record<string, unknown>
  readonly intent: (order: string) => Record<string, unknown>
  /** Where the market goes after the operation was decided, so that it can end. */
  readonly market: Market
  readonly end: OrderStatus
}
export const CASES: Readonly<Record<OrderKind, Case>> = {
  market: { intent: () => ({ orderType: 'market' }), market: CALM, end: 'filled' },
  limit: { intent: () => ({ orderType: 'limit', price: '99.5' }), market: DOWN, end: 'filled' },
  stop: { intent: () => ({ orderType: 'stop', stopPrice: '101' }), market: UP, end: 'filled' },
  stop_limit: {
    intent: () => ({ orderType: 'stop_limit', stopPrice: '101', price: '101.5' }),
    market: UP,
    end: 'filled',
  },
  cancel: {
    before: { orderType: 'limit', price: '98.5' },
    intent: (orderId) => ({ type: 'cancel', orderId }),
    market: CALM,
    end: 'cancelled',
  },
  amend: {
    before: { orderType: 'limit', price: '98.5' },
    intent: (orderId) => ({ type: 'amend', orderId, price: '100.5' }),
    market: CALM,
    end: 'filled',
  },
}

export type Fault = (world: OrdersWorld, decided: () => Promise<void>) => Promise<Outcome>
export type Outcome = { readonly fired: boolean; readonly detail: string }
export type CaseResult = Outcome & { readonly kind: OrderKind; readonly end: string; readonly settledMs: number }

let serial = 0

/**
 * One order through one fault: set up in peace, decide while it breaks, and end as if nothing had been. `another`: a market
 * order behind it, where a point is passed only by a fill of a position that has one.
 */
export async function runCase(world: OrdersWorld, kind: OrderKind, fault: Fault, another = false): Promise<CaseResult> {
  const strategy = `c${++serial}`
  const one = CASES[kind]
  world.market = CALM
  // The calm market is published before anything is decided on it, or the gate would judge by the last case's.
  await awaited(world, 'a calm market', () => world.beat().then(() => true))
  if (one.before) {
    const before = one.before
    world.ensure('orders')
    await world.decide(strategy, () => [before])
    await settled(world, strategy, 1, ['new'])
  }
  const decided = async () => {
    await world.decide(strategy, () => [one.intent(`${strategy}-1-0`)])
    world.market = one.market
    if (another) await world.decide(strategy, () => [{ orderType: 'market', quantity: '0.001' }])
  }
  const outcome = await fault(world, decided)
  const beganMs = performance.now()
  world.market = one.market
  for (const app of ['orders', 'portfolio'] as const) world.ensure(app)
  const decisions = 1 + (one.before ? 1 : 0) + (another ? 1 : 0)
  const end = await settled(world, strategy, decisions, [...TERMINAL_STATUSES])
  world.market = CALM
  return { ...outcome, kind, end, settledMs: performance.now() - beganMs }
}

/** The order of a strategy has come to rest in one of the statuses, every report is out and folded. */
export async function settled(world: OrdersWorld, strategy: string, decisions: number, wanted: readonly string[]) {
  let row: { status: string; busy: number; head: number; unfolded: number } | undefined
  const rests = async () => {
    const { sql } = world
    ;[row] = await sql<NonNullable<typeof row>[]>`
      select o.status,
        (select count(*)::int from executions where published_sequence is null)
          + (select count(*)::int from order_attempts where state in ('persisted', 'unknown')) as busy,
        (select number from decision_heads where strategy = ${strategy})::int as head,
        (select count(*)::int from fills) - (select count(*)::int from portfolio_fills) as unfolded
      from orders o where o.order_id = ${`${strategy}-1-0`}`
    const peaceful = row?.busy === 0 && row.head >= decisions && (wanted.includes('new') || row.unfolded === 0)
    return peaceful && wanted.includes(row?.status ?? 'nothing')
  }
  await awaited(world, `${strategy} to be one of ${wanted.join(', ')}`, rests, undefined, () => row)
  return row?.status ?? 'nothing'
}

/** Kills `app` at a named point of its code; `before` is a point that must have killed it just before. */
export function crashFault(app: App, point: string, before?: string): Fault {
  return async (world, decided) => {
    await world.kill(app)
    world.ensure(app === 'orders' ? 'portfolio' : 'orders')
    const points = before ? [before, point] : [point]
    const life = world.launch(app, points[0])
    await decided()
    const first = await died(life.ended)
    if (first && points[1]) return result(await died(world.launch(app, points[1]).ended), world, point)
    return result(first, world, point)
  }
}

const result = (fired: boolean, world: OrdersWorld, point: string): Outcome => {
  if (fired) world.kills++
  return { fired, detail: point }
}

/** How long a point is given to be reached. One that is not is told as such, and is no success. */
const FIRE_MS = 12_000

async function died(ended: Promise<string>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('late'), FIRE_MS)))
  const how = await Promise.race([ended, late])
  clearTimeout(timer)
  return how === 'SIGKILL'
}

export const natsFault: Fault = async (world, decided) => {
  for (const app of ['orders', 'portfolio'] as const) world.ensure(app)
  const broken = world.breakNats()
  await Promise.all([decided(), broken])
  await world.breakNats()
  return { fired: true, detail: 'kill -9, twice' }
}

export const postgresFault: Fault = async (world, decided) => {
  for (const app of ['orders', 'portfolio'] as const) world.ensure(app)
  await Promise.all([decided(), world.breakPostgres()])
  await world.breakPostgres()
  return { fired: true, detail: world.ownsPostgres ? 'kill -9, twice' : 'pg_terminate_backend, twice' }
}
