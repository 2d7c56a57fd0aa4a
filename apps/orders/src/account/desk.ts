import { addDecimal, instrumentKey, subtractDecimal } from '@contrail/contracts'
import type { Clock, Logger } from '@contrail/runtime'
import { isSeen, leavesQuantity, limitsFor, statusOf } from '@contrail/trading'
import type { Exposure, LimitTable, RiskView, Scope } from '@contrail/trading'
import type { Alerts } from '../alerts.ts'
import type { Halts } from '../halts.ts'
import type { Instruments } from '../instruments.ts'
import type { MarketData } from '../market-data.ts'
import type { OrderMetrics } from '../metrics.ts'
import { writeFirst } from '../store/first.ts'
import { unsettled, writeBatch } from '../store/write.ts'
import type { Writer } from '../store/write.ts'
import { signed } from '../venue/port.ts'
import type { VenuePort } from '../venue/port.ts'
import type { VenueReport } from '@contrail/trading'
import type { Applied } from './apply.ts'
import { EMPTY_BATCH, positionKey } from './held.ts'
import type { AccountState, Batch, Held, Recent } from './held.ts'
import type { Outbox } from './outbox.ts'

/** Everything the verbs of one account work with. Its state is replaced whole after a doubt. */
export type Desk = {
  readonly writer: Writer
  readonly venue: VenuePort
  readonly clock: Clock
  readonly log: Logger
  readonly market: MarketData
  readonly instruments: Instruments
  readonly limits: LimitTable
  readonly halts: Halts
  readonly alerts: Alerts
  readonly metrics: OrderMetrics
  readonly outbox: Outbox
  /** Told by the venue and not yet applied. */
  readonly told: VenueReport[]
  state: AccountState
}

/** Writes the batch, then makes it the state in hand. A failure leaves the state for recovery to read anew. */
export async function commit(desk: Desk, batch: Batch): Promise<void> {
  const { state, writer } = desk
  const stored = await writeBatch(writer, desk.venue.name, state.epoch, batch, desk.clock.nowUs())
  for (const { held } of batch.held) install(state, held.unwritten ? { ...held, unwritten: undefined } : held)
  for (const { held, fill } of batch.fills) {
    const { head } = held
    const key = positionKey(head.strategy, head.venue, head.instrument)
    state.positions.set(key, addSigned(state.positions.get(key) ?? '0', head.intent.side, fill.quantity))
  }
  if (batch.head) state.heads.set(batch.head.strategy, batch.head)
  if (batch.venueCursor !== undefined) state.venueCursor = Math.max(state.venueCursor, batch.venueCursor)
  desk.outbox.add(stored)
}

function install(state: AccountState, held: Held): void {
  const { orderId } = held.head
  const over = isOver(held)
  if (over) state.open.delete(orderId)
  else state.open.set(orderId, held)
  for (const attempt of held.attempts)
    if (over) state.byClOrdId.delete(attempt.clOrdId)
    else state.byClOrdId.set(attempt.clOrdId, orderId)
}

const OVER = new Set(['filled', 'cancelled', 'rejected', 'expired', 'denied', 'not_placed'])
export const isOver = (held: Held): boolean => OVER.has(statusOf(held.order)) && !held.attempts.some(unsettled)

/** The least that a new order's request has to wait for: its attempt. The rest follows with the answer. */
export async function commitFirst(desk: Desk, held: Held): Promise<void> {
  const { state, writer } = desk
  await writeFirst(writer, desk.venue.name, state.epoch, held)
  install(state, held)
  if (held.unwritten) state.heads.set(held.unwritten.strategy, held.unwritten)
}

/** An order of which only the first attempt is written gets its row. */
export async function writeHead(desk: Desk, held: Held): Promise<void> {
  if (held.unwritten) await commit(desk, { ...EMPTY_BATCH, held: [{ held, insert: true }], head: held.unwritten })
}

/** Alarms are told after the commit that caused them. */
export function raise(desk: Desk, applied: Pick<Applied, 'alarms' | 'held'>): void {
  for (const { alarm, text } of applied.alarms) {
    desk.metrics.alarms.inc({ alarm })
    const about = { orderId: applied.held.head.orderId, account: desk.writer.account }
    desk.alerts.send(alarm === 'fill_after_end' ? 'warning' : 'critical', `order_${alarm}`, text, about)
    if (alarm === 'overfilled') {
      const { venue, instrument, orderId } = applied.held.head
      desk.halts.halt(`instrument.${venue}.${instrument}`, `overfill of ${orderId}`)
    }
  }
}

export function scopeOf(desk: Desk, strategy: string, of: { venue: string; instrument: string }): Scope {
  const { tenant, account } = desk.writer
  return { tenant, account, strategy, venue: of.venue, instrument: of.instrument }
}

/**
 * Everything the gate looks at, gathered. `except` is the order itself, when it is judged again; `links` the orders that it
 * hangs on, and `parent` our own id of one of them.
 */
export function riskView(
  desk: Desk,
  scope: Scope,
  except?: string,
  { links = {}, parent }: { links?: NonNullable<RiskView['links']>; parent?: string | undefined } = {},
): RiskView {
  const { state } = desk
  const nowUs = desk.market.nowUs()
  const recent = recentAt(state, nowUs)
  return {
    nowUs,
    scope,
    instrument: desk.instruments.known(instrumentKey(scope.venue, scope.instrument)),
    market: desk.market.view(scope.venue, scope.instrument),
    halts: desk.halts.table(),
    limits: limitsFor(desk.limits, scope),
    exposure: exposureOf(state, scope, except, parent),
    links,
    recent: except === undefined ? recent : recent.filter((one) => one.orderId !== except),
    recentCancelsUs: state.recentCancelsUs,
  }
}

/**
 * In the order of their times. Where the clock has gone back (it was set, or a recording is played again) theirs go with it:
 * else orders of the future would count for ever, or be missed.
 */
export function recentAt(state: AccountState, nowUs: number): readonly Recent[] {
  const backUs = (state.recent.at(-1)?.atUs ?? 0) - nowUs
  if (backUs > 0) state.recent = state.recent.map((one) => ({ ...one, atUs: one.atUs - backUs }))
  return state.recent
}

/** Worst case: what is open and can grow a position counts as filled, UNKNOWN included. */
function exposureOf(state: AccountState, scope: Scope, except: string | undefined, parent?: string): Exposure {
  let [openBuys, openSells, unknown] = [0, 0, 0]
  const groups = new Map<string, number>()
  for (const held of state.open.values()) {
    const { head } = held
    if (head.orderId === except || head.venue !== scope.venue || head.instrument !== scope.instrument) continue
    const doubt = !isSeen(held.order) && held.attempts.some((one) => one.kind === 'place' && unsettled(one))
    if (doubt) unknown++
    // The venue never fills a reduce-only order beyond the position: a stop and a target may both stand for all of it.
    if (head.strategy !== scope.strategy || head.intent.reduceOnly || sleeps(state, held)) continue
    const leaves = growth(groups, held)
    if (head.intent.side === 'buy') openBuys += leaves
    else openSells += leaves
  }
  const position = Number(state.positions.get(positionKey(scope.strategy, scope.venue, scope.instrument)) ?? '0')
  return { position: position + promised(state, parent), openBuys, openSells, unknown }
}

/** A child sends nothing to the market before its parent has filled. */
const sleeps = (state: AccountState, { head }: Held): boolean => {
  const parent = head.intent.parent && state.open.get(head.intent.parent)
  return parent ? Object.keys(parent.order.fills).length === 0 : false
}

/** What an order adds to the worst case: of a group and a side no more than its largest can fill. */
function growth(groups: Map<string, number>, { head, order }: Held): number {
  const leaves = Number(leavesQuantity(order))
  const key = `${head.intent.oco ?? head.orderId} ${head.intent.side}`
  const counted = groups.get(key) ?? 0
  groups.set(key, Math.max(counted, leaves))
  return Math.max(0, leaves - counted)
}

/** A child is judged against the position that it will find: that of now, and all that its parent may still fill. */
function promised(state: AccountState, parent: string | undefined): number {
  const held = parent === undefined ? undefined : state.open.get(parent)
  return held ? Number(signed(held.head.intent.side, leavesQuantity(held.order))) : 0
}

function addSigned(sum: string, side: 'buy' | 'sell', quantity: string): string {
  return side === 'buy' ? addDecimal(sum, quantity) : subtractDecimal(sum, quantity)
}
