import { parseArgs } from 'node:util'
import { CRASH_POINTS } from '@contrail/runtime'
import { measureLatency } from './lib-orders-latency.ts'
import type { Latency } from './lib-orders-latency.ts'
import { CASES, crashFault, natsFault, ORDER_KINDS, postgresFault, runCase } from './lib-orders-cases.ts'
import type { CaseResult, Fault, OrderKind } from './lib-orders-cases.ts'
import { checkAll } from './lib-orders-check.ts'
import type { Totals, Violation } from './lib-orders-check.ts'
import { stormRound } from './lib-orders-storm.ts'
import { ordersWorld } from './lib-orders-world.ts'
import type { OrdersWorld } from './lib-orders-world.ts'

/**
 * `npm run prove:orders [-- --rounds N] [--points a,b] [--kinds market,limit] [--shared-postgres] [--no-latency]`:
 * orders and portfolio, as processes, are killed with -9 at every named point of their code, with every kind of order in
 * hand; nats-server and Postgres are killed under them; then rounds of random kills. After each: no request twice at the
 * venue, no fill lost or doubled, positions the sums of fills, a ledger of zero. Prints JSON; exit code 1 on a violation.
 */

/** Reached only while another crash is being repaired: that one comes first. */
const AFTER: Readonly<Record<string, string>> = {
  'orders.mid_reconcile': 'orders.after_commit_before_send',
  'orders.resend_before_send': 'orders.after_commit_before_send',
}

/** Passed by the second fill of a position, not by its first. */
const SECOND_FILL: ReadonlySet<string> = new Set(['portfolio.shown_before_booked'])

export type OrdersOptions = {
  readonly rounds: number
  readonly points: readonly string[]
  readonly kinds: readonly OrderKind[]
  readonly ownPostgres: boolean
  readonly servers: boolean
  readonly latency: boolean
  readonly say: (line: string) => void
}
export type OrdersResult = {
  readonly passed: boolean
  readonly coverage: Record<string, Record<string, string>>
  readonly totals: Totals & { kills: number; cases: number; rounds: number; notReached: number }
  readonly settleMs: { p50: number; p99: number }
  readonly postgres: string
  readonly latency: Latency | undefined
  /** Times a service ended itself and had to be started again. */
  readonly selfEnded: readonly string[]
  readonly violations: readonly Violation[]
}

export async function proveOrders(options: OrdersOptions): Promise<OrdersResult> {
  const world = await ordersWorld(options)
  try {
    return await prove(world, options)
  } finally {
    await world.stop()
  }
}

async function prove(world: OrdersWorld, options: OrdersOptions): Promise<OrdersResult> {
  const coverage: OrdersResult['coverage'] = {}
  const violations: Violation[] = []
  const times: number[] = []
  let [cases, notReached] = [0, 0]
  for (const [name, fault] of faultsOf(options)) {
    const row: Record<string, string> = (coverage[name] = {})
    for (const kind of options.kinds) {
      if (name.startsWith('portfolio.') && kind === 'cancel') {
        row[kind] = 'no fill to fold'
        continue
      }
      const result = await runCase(world, kind, fault, SECOND_FILL.has(name))
      const found = await checkAll(world)
      const wrong = [...judge(name, result), ...found.violations]
      violations.push(...wrong)
      times.push(result.settledMs)
      cases++
      if (!result.fired) notReached++
      row[kind] = wrong.length > 0 ? 'VIOLATED' : result.fired ? 'ok' : 'not reached'
      options.say(`${name} × ${kind}: ${row[kind]}, ${result.end} after ${Math.round(result.settledMs)} ms`)
    }
  }
  for (let round = 1; round <= options.rounds; round++) {
    const lost = await stormRound(world, round)
    violations.push(...lost, ...(await checkAll(world)).violations)
    options.say(`round ${round} of random kills: ${world.kills} kills so far, ${violations.length} violations`)
  }
  const latency = options.latency ? await measureLatency(world) : undefined
  const last = await checkAll(world)
  violations.push(...last.violations)
  const postgres = world.ownsPostgres ? 'own cluster, flushing, killed with -9' : 'shared server, sessions terminated'
  const sorted = times.sort((a, b) => a - b)
  const quantile = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0)
  return {
    passed: violations.length === 0,
    coverage,
    totals: { ...last.totals, kills: world.kills, cases, rounds: options.rounds, notReached },
    settleMs: { p50: quantile(0.5), p99: quantile(0.99) },
    postgres,
    latency,
    selfEnded: world.selfEnded,
    violations,
  }
}

function faultsOf(options: OrdersOptions): [string, Fault][] {
  const crashes = options.points.map((point): [string, Fault] => {
    const app = point.startsWith('portfolio.') ? 'portfolio' : 'orders'
    return [point, crashFault(app, point, AFTER[point])]
  })
  const servers: [string, Fault][] = [
    ['nats-server kill -9', natsFault],
    ['postgres restart', postgresFault],
  ]
  return [...crashes, ...(options.servers ? servers : [])]
}

/** A signal that lives must end as its kind does: anything else is a lost order. */
function judge(name: string, result: CaseResult): Violation[] {
  const wanted = CASES[result.kind].end
  const fits = result.end === wanted
  return fits ? [] : [{ rule: 'an order did not end as it had to', detail: `${name} × ${result.kind}: ${result.end}` }]
}

export const ORDER_POINTS = CRASH_POINTS.filter((point) => /^(orders|portfolio)\./.test(point))

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      points: { type: 'string' },
      kinds: { type: 'string' },
      servers: { type: 'boolean', default: true },
      latency: { type: 'boolean', default: true },
      'shared-postgres': { type: 'boolean', default: false },
    },
    allowNegative: true,
  })
  const kinds = values.kinds?.split(',') ?? [...ORDER_KINDS]
  const unknown = kinds.filter((kind) => !(ORDER_KINDS as readonly string[]).includes(kind))
  if (unknown.length > 0) throw new Error(`--kinds ${unknown.join(',')}: use ${ORDER_KINDS.join(', ')}`)
  const result = await proveOrders({
    rounds: Number(values.rounds),
    points: values.points?.split(',') ?? ORDER_POINTS,
    kinds: kinds as OrderKind[],
    ownPostgres: !values['shared-postgres'],
    servers: values.servers,
    latency: values.latency,
    say: (line) => console.error(line),
  })
  console.log(JSON.stringify(result, null, 2))
  const { totals } = result
  console.log(
    `${result.passed ? 'passed' : 'FAILED'}: ${totals.kills} kills, ${totals.orders} orders, ${totals.venueFills} fills, ` +
      `${result.violations.length} violations, ${totals.notReached} points not reached`,
  )
  process.exitCode = result.passed ? 0 : 1
}
