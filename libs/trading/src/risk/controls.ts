import { compareDecimal, stepsOf } from '@contrail/contracts'
import type { OrderType, PlaceIntent } from '@contrail/contracts'
import type { RiskCheck, Subject } from './gate.ts'
import { midOf } from './protection.ts'
import { scopeKeys } from './limits.ts'
import { pricedAt } from './view.ts'
import type { HaltEntry, RiskView } from './view.ts'

type Result = Omit<RiskCheck, 'control'> | undefined
export type Control = {
  /** What a denial is called; the order of this list is the order of precedence. */
  readonly code: string
  readonly control: string
  /** Undefined = does not apply. */
  readonly check: (subject: Subject) => Result
}

/**
 * Controls of orders.md: C1 to C8, C11, and of C16 and C19 what an order needs to be one at all. Not looked at here: a
 * second price source and the volume of 24 h where nobody supplies them (C6, C3 then say so), depth (C5).
 */
export const CONTROLS: readonly Control[] = [
  { code: 'TRADING_HALTED', control: 'C1', check: halted },
  { code: 'UNKNOWN_INSTRUMENT', control: 'C16', check: knownInstrument },
  { code: 'SIGNAL_TOO_OLD', control: 'C7', check: signalAge },
  { code: 'ORDER_INCOMPLETE', control: 'C16', check: complete },
  { code: 'PRICE_OFF_TICK', control: 'C16', check: onTick },
  { code: 'QUANTITY_OFF_LOT', control: 'C16', check: onLot },
  { code: 'QUANTITY_BELOW_MINIMUM', control: 'C16', check: minimumQuantity },
  { code: 'MARKET_DATA_STALE', control: 'C6', check: freshData },
  { code: 'MARKET_CROSSED', control: 'C6', check: saneMarket },
  { code: 'REDUCING_ONLY', control: 'C1', check: reducingOnly },
  { code: 'REDUCE_ONLY_EXCEEDS_POSITION', control: 'C19', check: reduceOnly },
  { code: 'UNKNOWN_OUTSTANDING', control: 'C9', check: noUnknown },
  { code: 'NOTIONAL_BELOW_MINIMUM', control: 'C16', check: minimumNotional },
  { code: 'NOTIONAL_ABOVE_LIMIT', control: 'C2', check: notional },
  { code: 'QUANTITY_ABOVE_LIMIT', control: 'C3', check: quantity },
  { code: 'PRICE_OUTSIDE_COLLAR', control: 'C4', check: midCollar },
  { code: 'PRICE_FAR_FROM_LAST', control: 'C4', check: lastCollar },
  { code: 'DUPLICATE_ORDER', control: 'C8', check: duplicate },
  { code: 'STRATEGY_RATE_LIMITED', control: 'C11', check: strategyPerSecond },
  { code: 'STRATEGY_RATE_LIMITED', control: 'C11', check: strategyPerMinute },
  { code: 'ACCOUNT_RATE_LIMITED', control: 'C11', check: accountPerSecond },
]

function tightestHalt({ view }: Subject, state: HaltEntry['state']): string | undefined {
  if (isEmpty(view.halts)) return undefined
  return scopeKeys(view.scope).find((key) => view.halts[key]?.state === state)
}

function isEmpty(table: object): boolean {
  for (const _ in table) return false
  return true
}

function halted(subject: Subject): Result {
  const scope = tightestHalt(subject, 'halted')
  const reason = scope && subject.view.halts[scope]?.reason
  return { limit: 'no scope halted', found: scope ? `${scope} (${reason})` : 'none', passed: scope === undefined }
}

/** How much more risk this order could bring, if everything open on its side filled first. */
function reducible({ intent, view }: Subject): number {
  const { position, openBuys, openSells } = view.exposure
  return Math.max(0, intent.side === 'buy' ? -position - openBuys : position - openSells)
}

function reducingOnly(subject: Subject): Result {
  const scope = tightestHalt(subject, 'reducing')
  if (!scope) return undefined
  const room = reducible(subject)
  const passed = Number(subject.intent.quantity) <= room * (1 + 1e-12)
  return { limit: `${scope} is reducing: at most ${room}`, found: subject.intent.quantity, passed }
}

function reduceOnly(subject: Subject): Result {
  if (!subject.intent.reduceOnly) return undefined
  const room = reducible(subject)
  const passed = Number(subject.intent.quantity) <= room * (1 + 1e-12)
  return { limit: `at most ${room}`, found: subject.intent.quantity, passed }
}

function noUnknown(subject: Subject): Result {
  const { unknown } = subject.view.exposure
  const passed = unknown === 0 || Number(subject.intent.quantity) <= reducible(subject) * (1 + 1e-12)
  return { limit: 'no more risk while an order is UNKNOWN', found: `${unknown} unknown`, passed }
}

function knownInstrument({ intent, view }: Subject): Result {
  const passed = view.instrument !== undefined
  return { limit: 'a known instrument', found: `${intent.venue}.${intent.instrument}`, passed }
}

function signalAge({ asked, view }: Subject): Result {
  const ageUs = view.nowUs - asked.decidedUs
  const limitUs = view.limits.signalAgeMaxUs
  return { limit: `${limitUs / 1000} ms`, found: `${ageUs / 1000} ms`, passed: ageUs <= limitUs }
}

/** It only ever takes back what its parent has filled. */
const isExit = (intent: PlaceIntent): boolean => intent.parent !== undefined && intent.reduceOnly

const LIMITED: ReadonlySet<OrderType> = new Set(['limit', 'stop_limit', 'take_profit_limit'])
const TRIGGERED: ReadonlySet<OrderType> = new Set(['stop', 'stop_limit', 'take_profit', 'take_profit_limit'])

function complete({ intent }: Subject): Result {
  const wantsPrice = LIMITED.has(intent.orderType)
  const wantsStop = TRIGGERED.has(intent.orderType)
  const missing: string[] = []
  if (wantsPrice !== (intent.price !== undefined)) missing.push(`${wantsPrice ? 'no ' : ''}price`)
  if (wantsStop !== (intent.stopPrice !== undefined)) missing.push(`${wantsStop ? 'no ' : ''}stopPrice`)
  if (intent.timeInForce === 'GTD' && intent.expireAtUs === undefined) missing.push('no expireAtUs')
  if (intent.postOnly && intent.orderType !== 'limit') missing.push('postOnly')
  if (intent.postOnly && (intent.timeInForce === 'IOC' || intent.timeInForce === 'FOK')) missing.push('postOnly')
  const { trailingOffset, trailingPercent } = intent
  const distances = Number(trailingOffset !== undefined) + Number(trailingPercent !== undefined)
  if (distances !== Number(intent.orderType === 'trailing_stop')) missing.push('trailing distance')
  if (Number(trailingPercent ?? 0) >= 100) missing.push('trailingPercent below 100')
  // It has to wait for its parent, and then for its price.
  const cannotWait = intent.orderType === 'market' || intent.timeInForce === 'IOC' || intent.timeInForce === 'FOK'
  if (intent.parent !== undefined && cannotWait) missing.push('an order that can wait for its parent')
  const found = missing.length === 0 ? 'complete' : missing.join(', ')
  return { limit: `fields of ${intent.orderType} ${intent.timeInForce}`, found, passed: missing.length === 0 }
}

function onTick({ intent, view }: Subject): Result {
  const tickSize = view.instrument?.tickSize ?? '1'
  const prices = [intent.price, intent.stopPrice, intent.trailingOffset]
  const off = prices.find((price) => price !== undefined && !isMultiple(price, tickSize))
  return { limit: `multiple of ${tickSize}`, found: off ?? 'on tick', passed: off === undefined }
}

function onLot({ intent, view }: Subject): Result {
  const lotSize = view.instrument?.lotSize ?? '1'
  return { limit: `multiple of ${lotSize}`, found: intent.quantity, passed: isMultiple(intent.quantity, lotSize) }
}

const isMultiple = (value: string, step: string): boolean =>
  stepsOf(value, step, 'floor') === stepsOf(value, step, 'ceil')

function minimumQuantity({ intent, view }: Subject): Result {
  const minimum = view.instrument?.minQuantity ?? '0'
  return { limit: minimum, found: intent.quantity, passed: compareDecimal(intent.quantity, minimum) >= 0 }
}

function minimumNotional({ intent, view, price }: Subject): Result {
  const minimum = Number(view.instrument?.minNotional ?? '0')
  if (minimum === 0 || price === undefined || intent.reduceOnly) return undefined
  const found = Number(intent.quantity) * price
  return { limit: String(minimum), found: String(found), passed: found >= minimum }
}

function freshData({ view }: Subject): Result {
  const { timeUs } = view.market
  const limitUs = view.limits.tickAgeMaxUs
  const ageUs = timeUs === undefined ? undefined : view.nowUs - timeUs
  const found = ageUs === undefined ? 'no market data' : `${ageUs / 1000} ms`
  return { limit: `${limitUs / 1000} ms`, found, passed: ageUs !== undefined && ageUs <= limitUs }
}

function saneMarket({ view }: Subject): Result {
  const { bid, ask } = view.market
  if (bid === undefined || ask === undefined) return undefined
  return { limit: 'bid below ask', found: `${bid}/${ask}`, passed: bid < ask }
}

function notional({ intent, view, price }: Subject): Result {
  if (isExit(intent)) return undefined
  const limit = view.limits.notionalMax
  // No price is known only where no market is: freshData has refused by then. Not passing is the safe answer.
  const found = price === undefined ? Number.NaN : Number(intent.quantity) * price
  return { limit: String(limit), found: String(found), passed: found <= limit }
}

function quantity({ intent, view }: Subject): Result {
  const { quantityMax, volumePartMax } = view.limits
  const { volume } = view.market
  const limit = Math.min(quantityMax, volume === undefined ? Number.POSITIVE_INFINITY : volume * volumePartMax)
  const text = Number.isFinite(limit) ? String(limit) : 'venue names none'
  const note = volume === undefined ? '; volume of 24 h unknown' : ''
  return { limit: text + note, found: intent.quantity, passed: Number(intent.quantity) <= limit }
}

/**
 * An order with a trigger is judged against it: that is where the market will be when it works. One that waits for its
 * parent is not in the market yet, and its price is a target: the wider collar around the last price holds for it, and not
 * even that for an exit, which may lie as far away as its author wants.
 */
function midCollar({ intent, view }: Subject): Result {
  if (intent.price === undefined || intent.parent !== undefined) return undefined
  const reference = intent.stopPrice === undefined ? midOf(view.market) : Number(intent.stopPrice)
  const name = intent.stopPrice === undefined ? 'mid' : 'its trigger'
  return collar(Number(intent.price), reference, view.limits.midCollar, name)
}

function lastCollar({ intent, view }: Subject): Result {
  if (isExit(intent)) return undefined
  const price = intent.stopPrice ?? intent.price
  if (price === undefined) return undefined
  return collar(Number(price), view.market.last ?? midOf(view.market), view.limits.lastCollar, 'last')
}

function collar(price: number, reference: number | undefined, part: number, name: string): Result {
  const far = reference === undefined ? Number.NaN : Math.abs(price / reference - 1)
  const limit = `±${part * 100} % of ${name} ${reference === undefined ? 'unknown' : Number(reference.toPrecision(12))}`
  return { limit, found: String(price), passed: far <= part + 1e-12 }
}

function duplicate({ intent, view, amends }: Subject): Result {
  const windowUs = view.limits.duplicateWindowUs
  if (windowUs === 0 || amends) return undefined
  const price = pricedAt(intent)
  const twin = view.recent
    .slice(firstWithin(view, windowUs))
    .find(
      (order) =>
        order.venue === intent.venue &&
        order.instrument === intent.instrument &&
        order.side === intent.side &&
        order.price === price &&
        compareDecimal(order.quantity, intent.quantity) === 0,
    )
  const found = twin ? `the same ${(view.nowUs - twin.atUs) / 1000} ms ago` : 'none'
  return { limit: `none within ${windowUs / 1000} ms`, found, passed: twin === undefined }
}

/** Where the orders of the last moments begin: few beside all that is kept, so they are looked for from the end. */
function firstWithin({ recent, nowUs }: RiskView, windowUs: number): number {
  let at = recent.length
  while (at > 0 && nowUs - recent[at - 1]!.atUs < windowUs) at--
  return at
}

const SECOND = 1_000_000

function rate(subject: Subject, windowUs: number, limit: number, ofStrategy: boolean, unit: string): Result {
  const { intent, view } = subject
  // Its entry has passed by this very limit: an exit must not be what is cut off.
  if (isExit(intent)) return undefined
  const { recent, scope } = view
  const from = firstWithin(view, windowUs)
  let count = ofStrategy ? 0 : recent.length - from
  if (ofStrategy) for (let at = from; at < recent.length; at++) if (recent[at]!.strategy === scope.strategy) count++
  return { limit: `${limit}/${unit}`, found: `${count + 1}`, passed: count < limit }
}

function strategyPerSecond(subject: Subject): Result {
  return rate(subject, SECOND, subject.view.limits.strategyPerSecond, true, 's of the strategy')
}
function strategyPerMinute(subject: Subject): Result {
  return rate(subject, 60 * SECOND, subject.view.limits.strategyPerMinute, true, 'min of the strategy')
}
function accountPerSecond(subject: Subject): Result {
  return rate(subject, SECOND, subject.view.limits.accountPerSecond, false, 's of the account')
}
