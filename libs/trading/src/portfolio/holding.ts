import { shortStepsOf, stepsOf } from '@contrail/contracts'
import type { Instrument, Side } from '@contrail/contracts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import type { InstrumentSteps } from '../venue/steps.ts'
import { assetsOf } from './assets.ts'
import type { Assets } from './assets.ts'
import { fixed, fromFixed } from './fixed.ts'
import type { Fixed } from './fixed.ts'
import { applyFill, averageCostOf, FLAT } from './position.ts'
import type { BookedFill, PositionState } from './position.ts'

/** Places of a fee, in quote. */
export const FEE_SCALE = 8
const FIXED_SCALE = 18
const SAFE = Number.MAX_SAFE_INTEGER

/** What a position looks like to its strategy. Made anew when it changed: a kept one never changes. */
export type HoldingReadout = {
  /** Signed, in base. */
  readonly quantity: number
  readonly averagePrice: number
  /** In quote, net of fees. */
  readonly realised: number
}
const NOTHING: HoldingReadout = { quantity: 0, averagePrice: 0, realised: 0 }

/**
 * The fold of fills by average cost that `applyFill` is, counted in lots and in whole units of money while both are exact
 * in doubles. A fill that is not (a partial close whose share of the cost is no whole unit, a fee in base, a sum beyond
 * 2^53) hands over to `applyFill` itself, for good: the result is the same to the last digit either way.
 */
export class Holding {
  readonly #steps: InstrumentSteps
  readonly #instrument: Instrument
  readonly #assets: Assets
  /** Money is counted in 10^-scale of the quote. */
  readonly scale: number
  /** Money of one lot at one tick. */
  readonly #unit: number
  readonly #power: number
  readonly #feeUnit: number
  lots = 0
  cost = 0
  /** Net of fees. */
  realised = 0
  fees = 0
  fills = 0
  #exact: PositionState | undefined
  #readout: HoldingReadout | undefined = NOTHING

  constructor(instrument: Instrument) {
    const steps = stepsOfInstrument(instrument)
    const { tick, lot } = steps
    this.#steps = steps
    this.#instrument = instrument
    this.#assets = assetsOf(instrument.instrument)
    this.scale = Math.max(FEE_SCALE, tick.scale + lot.scale)
    this.#unit = tick.units * lot.units * 10 ** (this.scale - tick.scale - lot.scale)
    this.#power = 10 ** this.scale
    this.#feeUnit = 10 ** (this.scale - FEE_SCALE)
    if (this.scale > FIXED_SCALE || this.#unit > SAFE) this.#exact = FLAT
  }

  /** One fill in steps; the fee in 10^-8 of the quote. */
  apply(side: Side, lots: number, ticks: number, fee: number): void {
    const delta = side === 'buy' ? lots : -lots
    if (this.#exact || !this.#move(delta, delta * ticks * this.#unit, fee * this.#feeUnit, ticks))
      return this.#applyExactly(side, lots, ticks, fee)
    this.fills++
    this.#readout = undefined
  }

  #applyExactly(side: Side, lots: number, ticks: number, fee: number): void {
    const { tickSize, lotSize, quote } = this.#instrument
    const text = (count: number, step: string, scale = 0) => fromFixed(asFixed(count, step, scale))
    this.book({
      tradeId: '',
      side,
      quantity: text(lots, lotSize),
      price: text(ticks, tickSize),
      fee: text(fee, '1', FEE_SCALE),
      feeAsset: quote,
      atUs: 0,
    })
  }

  /** One fill as the wire has it. */
  book(fill: BookedFill): void {
    const { tickSize, lotSize } = this.#instrument
    if (!this.#exact && fill.feeAsset === this.#assets.quote) {
      const lots = wholeOf(fill.quantity, lotSize)
      const ticks = wholeOf(fill.price, tickSize)
      const fee = wholeOf(fill.fee, '0.00000001')
      if (lots !== undefined && ticks !== undefined && fee !== undefined) {
        const delta = fill.side === 'buy' ? lots : -lots
        if (this.#move(delta, delta * ticks * this.#unit, fee * this.#feeUnit, ticks)) {
          this.fills++
          this.#readout = undefined
          return
        }
      }
    }
    this.#exact = applyFill(this.books, fill, this.#assets)
    this.fills = this.#exact.fills
    this.#readout = undefined
  }

  /** False, and nothing is changed, where whole units in doubles cannot say it. */
  #move(delta: number, notional: number, fee: number, ticks: number): boolean {
    const { lots, cost } = this
    let restCost = notional
    let closed = 0
    const opens = lots === 0 || lots > 0 === delta > 0
    if (!opens) {
      const closing = Math.min(Math.abs(lots), Math.abs(delta))
      const signed = lots > 0 ? closing : -closing
      closed = signed === lots ? cost : (cost / lots) * signed
      if (signed !== lots && cost % lots !== 0) return false
      restCost = (delta + signed) * ticks * this.#unit
    }
    const gain = restCost - notional - closed
    const after = cost - closed + restCost
    const realised = this.realised + gain - fee
    if (!isSafe(notional) || !isSafe(after) || !isSafe(realised) || !isSafe(gain)) return false
    this.lots = lots + delta
    this.cost = after
    this.realised = realised
    this.fees += fee
    return true
  }

  get quantityLots(): number {
    return this.#exact ? Math.round((this.readout.quantity * this.#steps.lot.power) / this.#steps.lot.units) : this.lots
  }

  get realisedQuote(): number {
    return this.#exact ? this.readout.realised : this.realised / this.#power
  }

  /** As in the readout, without one. */
  get averagePrice(): number {
    if (this.#readout || this.#exact) return this.readout.averagePrice
    return this.#average()
  }

  get readout(): HoldingReadout {
    return (this.#readout ??= this.#read())
  }

  #read(): HoldingReadout {
    if (this.#exact) {
      const { quantity, realised } = this.#exact
      return {
        quantity: Number(fromFixed(quantity)),
        averagePrice: Number(averageCostOf(this.#exact)),
        realised: Number(fromFixed(realised)),
      }
    }
    return {
      quantity: numberOfSteps(this.lots, this.#steps.lot),
      averagePrice: this.#average(),
      realised: this.realised / this.#power,
    }
  }

  #average(): number {
    if (this.lots === 0) return 0
    const ticks = this.cost / (this.lots * this.#unit)
    // A quotient of whole numbers below 2^53 that comes out whole below 2^44 is exact.
    if (Number.isInteger(ticks) && ticks < 2 ** 44 && ticks * this.lots * this.#unit === this.cost)
      return numberOfSteps(ticks, this.#steps.tick)
    return Number(averageCostOf(this.books))
  }

  /** The same as the ledger keeps it. */
  get books(): PositionState {
    if (this.#exact) return this.#exact
    const money = (units: number) => asFixed(units, '1', this.scale)
    return {
      quantity: asFixed(this.lots, this.#steps.lot.text, 0),
      cost: money(this.cost),
      realised: money(this.realised),
      fees: money(this.fees),
      fills: this.fills,
    }
  }

  restore(books: PositionState): void {
    const { lot } = this.#steps
    const lots = unitsOf(books.quantity * BigInt(lot.power), BigInt(lot.units))
    const money = (value: Fixed) => unitsOf(value * BigInt(this.#power), 1n)
    const [cost, realised, fees] = [money(books.cost), money(books.realised), money(books.fees)]
    this.fills = books.fills
    this.#readout = undefined
    if (
      this.scale > FIXED_SCALE ||
      lots === undefined ||
      cost === undefined ||
      realised === undefined ||
      fees === undefined
    ) {
      this.#exact = books
      return
    }
    this.#exact = undefined
    Object.assign(this, { lots, cost, realised, fees })
  }

  /** The fold has handed over to decimals: `lots`, `cost` and `realised` say nothing any more. */
  get isExact(): boolean {
    return this.#exact !== undefined
  }
}

const isSafe = (value: number): boolean => value <= SAFE && value >= -SAFE

/** `count` steps of 10^-scale x step. */
const asFixed = (count: number, step: string, scale: number): Fixed =>
  fixed((BigInt(count) * scaledStep(step)) / 10n ** BigInt(scale))
const stepFixed = new Map<string, bigint>()
function scaledStep(step: string): bigint {
  const before = stepFixed.get(step)
  if (before !== undefined) return before
  const [whole = '0', part = ''] = step.split('.')
  const made = BigInt(whole + part.padEnd(FIXED_SCALE, '0'))
  if (stepFixed.size < 1_000) stepFixed.set(step, made)
  return made
}

/** Of a fixed value times a power: whole steps that a double holds, or undefined. */
function unitsOf(scaled: bigint, units: bigint): number | undefined {
  const step = units * 10n ** BigInt(FIXED_SCALE)
  if (scaled % step !== 0n) return undefined
  const whole = Number(scaled / step)
  return Number.isSafeInteger(whole) ? whole : undefined
}

/** Undefined: not a whole number of steps. */
function wholeOf(text: string, step: string): number | undefined {
  const short = shortStepsOf(text, step, 'exact')
  if (short === short) return short
  const whole = stepsOf(text, step, 'floor')
  return Number.isSafeInteger(whole) && whole === stepsOf(text, step, 'ceil') ? whole : undefined
}
