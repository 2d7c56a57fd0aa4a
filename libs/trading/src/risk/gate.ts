import { compareDecimal, refuse } from '@contrail/contracts'
import type { OrderType, PlaceIntent, Reason, Us } from '@contrail/contracts'
import { CONTROLS } from './controls.ts'
import { protect } from './protection.ts'
import type { RiskView } from './view.ts'

declare const approved: unique symbol
/** Only the gate makes one, and the venue port takes nothing else. */
export type Approved<T> = { readonly request: T; readonly [approved]: true }

/** What leaves for a venue. A market order has become a limit that ends at once (C5). */
export type PlaceRequest = {
  readonly kind: 'place'
  readonly venue: string
  readonly instrument: string
  /** The strategy's virtual sub-account. */
  readonly subAccount: string
  readonly side: 'buy' | 'sell'
  readonly orderType: Exclude<OrderType, 'market'>
  readonly quantity: string
  readonly price?: string
  readonly stopPrice?: string
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK' | 'GTD' | 'DAY'
  readonly expireAtUs?: Us
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly trailingOffset?: string
  readonly trailingPercent?: string
  /** By the names that the venue has for those orders. */
  readonly parent?: string
  readonly oco?: string
}
export type CancelRequest = { readonly kind: 'cancel'; readonly origin: string }
export type AmendRequest = {
  readonly kind: 'amend'
  readonly origin: string
  readonly terms: { readonly quantity: string; readonly price?: string; readonly stopPrice?: string }
}

export type RiskCheck = {
  readonly control: string
  readonly limit: string
  readonly found: string
  readonly passed: boolean
}
export type Verdict<T> =
  | { readonly verdict: 'approved'; readonly approved: Approved<T>; readonly checks: readonly RiskCheck[] }
  | { readonly verdict: 'denied'; readonly reason: Reason; readonly checks: readonly RiskCheck[] }

/** When the thing that is asked for was decided: the signal's own time. */
export type Asked = { readonly decidedUs: number }

/**
 * Every order passes here. Controls are looked at in their order and the first that fails is the answer; those after it
 * are not reached, so that a denial costs nothing and says one thing.
 */
export function checkPlace(intent: PlaceIntent, asked: Asked, view: RiskView): Verdict<PlaceRequest> {
  const checks: RiskCheck[] = []
  const reason = firstFailure({ intent, asked, view, price: referencePrice(intent, view), amends: false }, checks)
  if (reason) return { verdict: 'denied', reason, checks }
  const { request, check } = protect(intent, view)
  if (check) checks.push(check)
  return { verdict: 'approved', approved: approve(request), checks }
}

/**
 * An entry and the orders of the same decision that hang on it, which are not sent yet: where one of those would be denied,
 * the entry is. A position must not come about without its stop.
 */
export function checkEntry(
  intent: PlaceIntent,
  children: readonly PlaceIntent[],
  asked: Asked,
  view: RiskView,
): Verdict<PlaceRequest> {
  const verdict = checkPlace(intent, asked, view)
  if (verdict.verdict === 'denied') return verdict
  const { exposure } = view
  const promised = Number(intent.quantity) * (intent.side === 'buy' ? 1 : -1)
  const filled = { ...view, exposure: { ...exposure, position: exposure.position + promised } }
  for (const child of children) {
    const judged = checkPlace(child, asked, filled)
    if (judged.verdict === 'approved') continue
    const reason = { code: 'CHILD_DENIED', text: `CHILD_DENIED: ${child.orderId} ${judged.reason.text}` }
    return { verdict: 'denied', reason, checks: [...verdict.checks, ...judged.checks.filter((one) => !one.passed)] }
  }
  return verdict
}

/** A replace is judged as the order that it makes; what it takes back is not counted twice. */
export function checkAmend(
  origin: string,
  becomes: PlaceIntent,
  held: { readonly leaves: string; readonly filled: string },
  asked: Asked,
  view: RiskView,
): Verdict<AmendRequest> {
  const checks: RiskCheck[] = []
  const found = compareDecimal(becomes.quantity, held.filled) > 0
  checks.push({ control: 'amend', limit: `above filled ${held.filled}`, found: becomes.quantity, passed: found })
  if (!found) return { verdict: 'denied', reason: reasonOf('AMEND_BELOW_FILLED', checks), checks }
  const leaves = Number(held.leaves)
  const { exposure } = view
  const without =
    becomes.side === 'buy'
      ? { ...exposure, openBuys: exposure.openBuys - leaves }
      : { ...exposure, openSells: exposure.openSells - leaves }
  const price = referencePrice(becomes, view)
  const reason = firstFailure(
    { intent: becomes, asked, view: { ...view, exposure: without }, price, amends: true },
    checks,
  )
  if (reason) return { verdict: 'denied', reason, checks }
  const { quantity, price: limit, stopPrice } = becomes
  const terms = { quantity, ...(limit ? { price: limit } : {}), ...(stopPrice ? { stopPrice } : {}) }
  return { verdict: 'approved', approved: approve({ kind: 'amend', origin, terms }), checks }
}

/** A cancel lowers risk: it passes halts, stale data and age, and has its own share of the rate. */
export function checkCancel(origin: string, view: Pick<RiskView, 'nowUs' | 'limits' | 'recentCancelsUs'>) {
  const count = view.recentCancelsUs.filter((atUs) => view.nowUs - atUs < 1_000_000).length
  const limit = view.limits.cancelsPerSecond
  const checks: RiskCheck[] = [{ control: 'C11', limit: `${limit}/s`, found: `${count + 1}`, passed: count < limit }]
  const verdict: Verdict<CancelRequest> =
    count < limit
      ? { verdict: 'approved', approved: approve({ kind: 'cancel', origin }), checks }
      : { verdict: 'denied', reason: reasonOf('CANCEL_RATE_LIMITED', checks), checks }
  return verdict
}

/** The kill switch and the desk's own cancels know no rate. */
export const approveCancelForHalt = (origin: string): Approved<CancelRequest> => approve({ kind: 'cancel', origin })

export type Subject = {
  readonly intent: PlaceIntent
  readonly asked: Asked
  readonly view: RiskView
  /** What it would cost per base; undefined while no market is known. */
  readonly price: number | undefined
  readonly amends: boolean
}

function firstFailure(subject: Subject, checks: RiskCheck[]): Reason | undefined {
  for (const { code, control, check } of CONTROLS) {
    const result = check(subject)
    if (!result) continue
    checks.push({ control, ...result })
    if (!result.passed) return reasonOf(code, checks)
  }
  return undefined
}

/** `CODE: found=… limit=…` of the last check. */
function reasonOf(code: string, checks: readonly RiskCheck[]): Reason {
  const last = checks.at(-1)
  if (!last) throw refuse('no_check', 'checks', code, 'a denial names its check')
  return { code, text: `${code}: control=${last.control} found=${last.found} limit=${last.limit}` }
}

/** The limit, the trigger, or what the other side asks now. */
function referencePrice(intent: PlaceIntent, view: RiskView): number | undefined {
  if (intent.price !== undefined) return Number(intent.price)
  if (intent.stopPrice !== undefined) return Number(intent.stopPrice)
  return (intent.side === 'buy' ? view.market.ask : view.market.bid) ?? view.market.last
}

const approve = <T>(request: T): Approved<T> => ({ request }) as Approved<T>
