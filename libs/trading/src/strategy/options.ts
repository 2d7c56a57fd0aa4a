import { refuse } from '@contrail/contracts'
import type { OrderType, Side } from '@contrail/contracts'
import { stepsOfInstrument } from '../venue/steps.ts'
import type { OrderOptions, Trailing } from './api.ts'
import type { Slot } from './mailbox.ts'

const TAG_MAX = 40
/** Decimals of a percentage on the wire. */
const PERCENT_SCALE = 6

export function typeOf(options: OrderOptions): OrderType {
  const hasPrice = options.price !== undefined
  if (options.trailing !== undefined) return 'trailing_stop'
  if (options.touchPrice !== undefined) return hasPrice ? 'take_profit_limit' : 'take_profit'
  if (options.stopPrice !== undefined) return hasPrice ? 'stop_limit' : 'stop'
  return hasPrice ? 'limit' : 'market'
}

/** Never nearer to the market than was asked for. */
export function trailOf(slot: Slot, trailing: Trailing): { trailTicks: number; trailPercent: number } {
  const { offset, percent } = trailing
  if ((offset === undefined) === (percent === undefined))
    throw refuse('trailing', 'trailing', JSON.stringify(trailing), 'give offset or percent, one of the two')
  if (percent !== undefined) {
    const trailPercent = Math.ceil(percent * 10 ** PERCENT_SCALE - 1e-9) / 10 ** PERCENT_SCALE
    if (!(trailPercent > 0 && trailPercent < 100))
      throw refuse('trailing', 'percent', percent, 'give a percentage above 0 and below 100')
    return { trailTicks: 0, trailPercent }
  }
  const { tick } = stepsOfInstrument(slot.details)
  const trailTicks = Math.ceil(((offset as number) * tick.power) / tick.units - 1e-9)
  if (!(trailTicks > 0 && Number.isSafeInteger(trailTicks)))
    throw refuse('trailing', 'offset', offset, 'give a distance above 0, in price')
  return { trailTicks, trailPercent: 0 }
}

/** No more to it than a quantity, and perhaps a tag. */
export const isPlain = (options: OrderOptions): boolean =>
  options.price === undefined &&
  options.stopPrice === undefined &&
  options.touchPrice === undefined &&
  options.trailing === undefined &&
  options.takeProfit === undefined &&
  options.stopLoss === undefined &&
  options.trailingStop === undefined &&
  options.parent === undefined &&
  options.oco === undefined &&
  options.expireAtUs === undefined &&
  (options.timeInForce === undefined || options.timeInForce === 'GTC') &&
  !options.postOnly &&
  !options.reduceOnly &&
  (options.tag === undefined || options.tag.length <= TAG_MAX)

/** Mistakes of the author, whatever the market does. */
export function checkOptions(options: OrderOptions): void {
  const { tag, expireAtUs, timeInForce } = options
  if (tag !== undefined && tag.length > TAG_MAX) throw refuse('tag', 'tag', tag, `use at most ${TAG_MAX} characters`)
  if ((timeInForce === 'GTD') !== (expireAtUs !== undefined))
    throw refuse('expiry', 'expireAtUs', expireAtUs, 'give it with timeInForce GTD, and only then')
  if (expireAtUs !== undefined && !(Number.isSafeInteger(expireAtUs) && expireAtUs > 0))
    throw refuse('expiry', 'expireAtUs', expireAtUs, 'give whole microseconds since the epoch')
  const { price, stopPrice, touchPrice, trailing } = options as Record<string, unknown>
  if (options.postOnly && (price === undefined || touchPrice !== undefined))
    throw refuse('post_only', 'postOnly', true, 'only a limit order can be post-only: give a price')
  // The types say the same; code without them may not have read it.
  const triggers = Number(stopPrice !== undefined) + Number(touchPrice !== undefined) + Number(trailing !== undefined)
  if (triggers > 1 || (trailing !== undefined && price !== undefined))
    throw refuse(
      'trigger',
      'stopPrice',
      triggers,
      'give one of stopPrice, touchPrice and trailing; no price with trailing',
    )
  if (options.parent === undefined) return
  if (typeOf(options) === 'market' || timeInForce === 'IOC' || timeInForce === 'FOK')
    throw refuse(
      'parent',
      'parent',
      options.parent,
      'an order that waits for another needs a price, and time: no IOC or FOK',
    )
}

/** Exits that lie on the wrong side of the entry would fill at once. Undefined = all are where they belong. */
export function wrongExit(side: Side, options: OrderOptions, entry: number): string | undefined {
  const { takeProfit, stopLoss } = options
  const sign = side === 'buy' ? 1 : -1
  if (takeProfit !== undefined && sign * (takeProfit - entry) <= 0) return `takeProfit ${takeProfit} at ${entry}`
  if (stopLoss !== undefined && sign * (entry - stopLoss) <= 0) return `stopLoss ${stopLoss} at ${entry}`
  return undefined
}

export const isBracket = ({ takeProfit, stopLoss, trailingStop }: OrderOptions): boolean =>
  takeProfit !== undefined || stopLoss !== undefined || trailingStop !== undefined

/** The exits of a bracket, as orders of their own; what their parent is and who they share with is not said here. */
export function exitsOf(options: OrderOptions): OrderOptions[] {
  const { takeProfit, stopLoss, trailingStop, venue, instrument, quantity } = options
  const base = { quantity, reduceOnly: true, ...(venue && { venue }), ...(instrument && { instrument }) }
  return [
    ...(takeProfit === undefined ? [] : [{ ...base, price: takeProfit, tag: 'take-profit' }]),
    ...(stopLoss === undefined ? [] : [{ ...base, stopPrice: stopLoss, tag: 'stop-loss' }]),
    ...(trailingStop === undefined ? [] : [{ ...base, trailing: trailingStop, tag: 'trailing-stop' }]),
  ]
}
