import { decimalOf, fromSteps, stepsOf } from '@contrail/contracts'
import type { PlaceIntent } from '@contrail/contracts'
import type { PlaceRequest, RiskCheck } from './gate.ts'
import type { RiskView } from './view.ts'

export const midOf = (market: RiskView['market']): number | undefined =>
  market.bid !== undefined && market.ask !== undefined ? (market.bid + market.ask) / 2 : market.last

/**
 * C5: no market order leaves. It becomes a limit at the edge of the protection band around mid that ends at once; what
 * does not fill inside the band comes back as expired.
 */
export function protect(intent: PlaceIntent, view: RiskView): { request: PlaceRequest; check?: RiskCheck } {
  const { venue, instrument, side, quantity, price, stopPrice, timeInForce, expireAtUs, postOnly, reduceOnly } = intent
  const { trailingOffset, trailingPercent } = intent
  const common = {
    kind: 'place',
    venue,
    instrument,
    subAccount: view.scope.strategy,
    side,
    quantity,
    reduceOnly,
    ...view.links,
  } as const
  if (intent.orderType === 'market') {
    const bound = bandEdge(intent, view)
    const rest = { orderType: 'limit', price: bound, timeInForce: 'IOC', postOnly: false } as const
    const limit = `±${view.limits.protectionBand * 100} % of mid`
    const check = { control: 'C5', limit, found: `IOC limit ${bound}`, passed: true }
    return { request: { ...common, ...rest, timeInForce: timeInForce === 'FOK' ? 'FOK' : rest.timeInForce }, check }
  }
  const request: PlaceRequest = {
    ...common,
    orderType: intent.orderType,
    timeInForce,
    postOnly,
    ...(price === undefined ? {} : { price }),
    ...(stopPrice === undefined ? {} : { stopPrice }),
    ...(expireAtUs === undefined ? {} : { expireAtUs }),
    ...(trailingOffset === undefined ? {} : { trailingOffset }),
    ...(trailingPercent === undefined ? {} : { trailingPercent }),
  }
  return { request }
}

/** Rounded inwards, so that the band is never wider than its limit. */
function bandEdge(intent: PlaceIntent, view: RiskView): string {
  const mid = midOf(view.market)
  const tickSize = view.instrument?.tickSize
  if (mid === undefined || tickSize === undefined) throw new Error('C5 is reached only with a market and an instrument')
  const band = view.limits.protectionBand
  // Twelve digits: the error of the multiplication must not cost a tick.
  const edge = decimalOf(Number((mid * (intent.side === 'buy' ? 1 + band : 1 - band)).toPrecision(12)))
  const ticks = stepsOf(cut(edge), tickSize, intent.side === 'buy' ? 'floor' : 'ceil', 'price')
  return fromSteps(Math.max(1, ticks), tickSize)
}

/** Our decimals carry 18 places; a double may print more for a tiny price. */
function cut(text: string): string {
  const point = text.indexOf('.')
  return point < 0 ? text : text.slice(0, point + 19)
}
