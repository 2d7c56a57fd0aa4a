import { compareDecimal, formatDecimal, fromSteps, multiplyDecimal, parseDecimal, refuse } from '@contrail/contracts'
import type { Instrument, Scaled, Side } from '@contrail/contracts'
import { stepsOfInstrument } from '../venue/steps.ts'
import type { Step } from '../venue/steps.ts'

/** What an order asks for, in doubles. */
export type Asked = {
  readonly side: Side
  readonly quantity: number
  readonly price?: number | undefined
  readonly stopPrice?: number | undefined
}
/** The same in whole lots and ticks, exact. */
export type Snapped = {
  readonly quantity: string
  readonly price: string | undefined
  readonly stopPrice: string | undefined
}
/** In lots and ticks; 0 = none. */
export type SnappedSteps = { readonly lots: number; readonly price: number; readonly stopPrice: number }
export type SnapRefusal =
  'quantity_below_lot' | 'quantity_below_minimum' | 'notional_below_minimum' | 'price_below_tick' | 'steps_above_limit'
type Refused = { readonly ok: false; readonly code: SnapRefusal; readonly text: string }
export type SnapResult = { readonly ok: true; readonly order: Snapped } | Refused

/**
 * Arithmetic in doubles leaves a value just beside the step it means (0.1 + 0.7 = 0.7999999999999999). Nearer to a step
 * than this part of the value is on that step.
 */
const NOISE = 1_000_000_000_000n
const VALUE_MIN = 1e-15

/**
 * Quantities to whole lots, never more than asked; prices to whole ticks, never worse than asked: a buy's price and
 * trigger floor, a sell's ceil. `markPrice` values a market order for the venue's minimum notional.
 */
export function snapOrder(instrument: Instrument, asked: Asked, markPrice: number | undefined): SnapResult {
  const steps = snapExactly(instrument, asked, markPrice)
  return 'ok' in steps ? steps : { ok: true, order: textOf(instrument, steps, asked) }
}

/** As `snapOrder`, in steps. Doubles decide where they are plainly right; in doubt the decimals do. */
export function snapSteps(
  instrument: Instrument,
  side: Side,
  quantity: number,
  price: number | undefined,
  stopPrice: number | undefined,
  markPrice: number,
): SnappedSteps | Refused {
  const { tick } = stepsOfInstrument(instrument)
  const up = side === 'sell'
  const limit = price === undefined ? 0 : quickSteps(price, tick, up)
  const stop = stopPrice === undefined ? 0 : quickSteps(stopPrice, tick, up)
  const priced = limit > 0 ? (limit * tick.units) / tick.power : stop > 0 ? (stop * tick.units) / tick.power : markPrice
  const lots = snapLots(instrument, quantity, priced)
  if (lots > 0 && (price === undefined || limit > 0) && (stopPrice === undefined || stop > 0))
    return { lots, price: limit, stopPrice: stop }
  const mark = Number.isNaN(markPrice) ? undefined : markPrice
  return snapExactly(instrument, { side, quantity, price, stopPrice }, mark)
}

/** Whole lots where doubles say it plainly and the minimums are met; 0 = in doubt. `price`: NaN where there is none. */
export function snapLots(instrument: Instrument, quantity: number, price: number): number {
  const { lot, minLots, minNotional } = stepsOfInstrument(instrument)
  const lots = quickSteps(quantity, lot, false)
  if (lots < 1 || lots < minLots) return 0
  // NaN: then nothing is asked.
  return ((lots * lot.units) / lot.power) * price < minNotional * (1 + 1e-9) ? 0 : lots
}

/** -1: in doubt. Below this many steps the error of the division is far less than the noise that is let pass. */
const QUICK_MAX = 1e11

function quickSteps(value: number, step: Step, up: boolean): number {
  const steps = (value * step.power) / step.units
  if (!(steps >= 0.5 && steps < QUICK_MAX)) return -1
  const nearest = Math.round(steps)
  const off = Math.abs(steps - nearest)
  if (off <= 0.5e-12 * steps) return nearest
  if (off <= 2e-12 * steps) return -1
  return up ? Math.ceil(steps) : Math.floor(steps)
}

function snapExactly(instrument: Instrument, asked: Asked, markPrice: number | undefined): SnappedSteps | Refused {
  const lots = wholeSteps(asked.quantity, instrument.lotSize, 'floor', 'quantity')
  if (lots === 0n) return no('quantity_below_lot', `${asked.quantity} is less than one lot of ${instrument.lotSize}`)
  const rounding = asked.side === 'buy' ? 'floor' : 'ceil'
  const price = asked.price === undefined ? 0n : wholeSteps(asked.price, instrument.tickSize, rounding, 'price')
  const stop =
    asked.stopPrice === undefined ? 0n : wholeSteps(asked.stopPrice, instrument.tickSize, rounding, 'stopPrice')
  for (const steps of [lots, price, stop])
    if (steps > BigInt(Number.MAX_SAFE_INTEGER)) return no('steps_above_limit', `${steps} steps are not exact`)
  if ((asked.price !== undefined && price === 0n) || (asked.stopPrice !== undefined && stop === 0n))
    return no('price_below_tick', `the price is less than one tick of ${instrument.tickSize}`)
  const steps = { lots: Number(lots), price: Number(price), stopPrice: Number(stop) }
  return minimums(instrument, textOf(instrument, steps, asked), markPrice) ?? steps
}

const textOf = ({ tickSize, lotSize }: Instrument, steps: SnappedSteps, asked: Asked): Snapped => ({
  quantity: fromSteps(steps.lots, lotSize),
  price: asked.price === undefined ? undefined : fromSteps(steps.price, tickSize),
  stopPrice: asked.stopPrice === undefined ? undefined : fromSteps(steps.stopPrice, tickSize),
})

function minimums(instrument: Instrument, order: Snapped, markPrice: number | undefined): Refused | undefined {
  if (compareDecimal(order.quantity, instrument.minQuantity) < 0)
    return no('quantity_below_minimum', `${order.quantity} is less than the minimum of ${instrument.minQuantity}`)
  const price = order.price ?? order.stopPrice ?? (markPrice === undefined ? undefined : markOf(markPrice))
  if (price !== undefined) {
    const notional = multiplyDecimal(order.quantity, price)
    if (compareDecimal(notional, instrument.minNotional) < 0)
      return no('notional_below_minimum', `${notional} is less than the minimum of ${instrument.minNotional}`)
  }
  return undefined
}

/** A mark cut to what a decimal of a message can hold. */
const markOf = (value: number): string => formatDecimal(exactOf(Number(value.toPrecision(15))))

/** Whole steps in a double that must be finite and not negative. */
function wholeSteps(value: number, step: string, rounding: 'floor' | 'ceil', field: string): bigint {
  // Rest of a subtraction such as 0.3 - 0.1 - 0.2: it means zero.
  if (Math.abs(value) < VALUE_MIN) return 0n
  if (!Number.isFinite(value) || value < 0)
    throw refuse('invalid_number', field, value, 'give a finite number that is not negative')
  const v = exactOf(value)
  const s = parseDecimal(step, 'step')
  const scale = Math.max(v.scale, s.scale)
  const units = v.units * 10n ** BigInt(scale - v.scale)
  const size = s.units * 10n ** BigInt(scale - s.scale)
  const whole = units / size
  const above = units % size
  if (above === 0n) return whole
  if (rounding === 'floor') return (size - above) * NOISE <= units ? whole + 1n : whole
  return above * NOISE <= units ? whole : whole + 1n
}

/** The shortest decimal of a double, of any number of digits (a message field has at most 18 behind the point). */
function exactOf(value: number): Scaled {
  const [mantissa = '0', exponent = '0'] = String(value).split('e')
  const point = mantissa.indexOf('.')
  const digits = BigInt(mantissa.replace('.', ''))
  const scale = (point < 0 ? 0 : mantissa.length - point - 1) - Number(exponent)
  return scale >= 0 ? { units: digits, scale } : { units: digits * 10n ** BigInt(-scale), scale: 0 }
}

const no = (code: SnapRefusal, text: string): Refused => ({ ok: false, code, text })
