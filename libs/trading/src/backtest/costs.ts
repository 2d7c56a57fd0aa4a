import { decimalOf, multiplyDecimal, parseDecimal, roundDecimal } from '@contrail/contracts'
import type { Fill, Instrument } from '@contrail/contracts'
import { stepsOfInstrument } from '../venue/steps.ts'
import type { Assumptions, Latency } from './types.ts'

/** Fees are counted in 10^-8 of the quote. */
export const FEE_UNIT = 1e8
const FEE_SCALE = 8
/** Of bps as a part of one. */
const BASIS_POINT_SCALE = 4

/** A fee of one side: notional x bps, rounded half away from zero to 10^-8, exactly. */
class Rate {
  /** Fee = notional in steps x factor / divisor, when all of it is below 2^53. */
  readonly #factor: number
  readonly #divisor: number
  readonly #bps: string
  readonly #instrument: Instrument

  constructor(instrument: Instrument, bps: number) {
    const { tick, lot } = stepsOfInstrument(instrument)
    const { units, scale } = parseDecimal(decimalOf(bps))
    const shift = tick.scale + lot.scale + scale + BASIS_POINT_SCALE - FEE_SCALE
    this.#bps = decimalOf(bps)
    this.#instrument = instrument
    this.#factor = Number(units) * tick.units * lot.units * 10 ** Math.max(0, -shift)
    this.#divisor = 10 ** Math.max(0, shift)
  }

  of(ticks: number, lots: number): number {
    const whole = ticks * lots * this.#factor
    if (whole === 0) return 0
    if (Math.abs(whole) > Number.MAX_SAFE_INTEGER || this.#divisor > 1e15) return this.#exactly(ticks, lots)
    const size = Math.abs(whole)
    // The quotient rounds to the next whole number at most: the rest, exact below 2^53, says so by its sign.
    const quotient = Math.floor(size / this.#divisor)
    const rest = size - quotient * this.#divisor
    const units = quotient + (rest * 2 >= this.#divisor ? 1 : rest < 0 && rest * 2 < -this.#divisor ? -1 : 0)
    return whole < 0 ? -units : units
  }

  #exactly(ticks: number, lots: number): number {
    const { tickSize, lotSize } = this.#instrument
    const notional = multiplyDecimal(
      multiplyDecimal(BigInt(ticks).toString(), tickSize),
      multiplyDecimal(BigInt(lots).toString(), lotSize),
    )
    const fee = roundDecimal(multiplyDecimal(multiplyDecimal(notional, this.#bps), '0.0001'), FEE_SCALE)
    const { units, scale } = parseDecimal(fee)
    return Number(units * 10n ** BigInt(FEE_SCALE - scale))
  }
}

export class FeeSchedule {
  readonly #maker: Rate
  readonly #taker: Rate
  /** In 10^-8 of the quote, once per order. */
  readonly perOrder: number
  /** As parts of one, for sizing. */
  readonly takerPart: number

  constructor(instrument: Instrument, { fees }: Assumptions) {
    const isOwn = fees.kind === 'bps'
    const takerBps = isOwn ? fees.takerBps : instrument.takerFeeBps
    this.#maker = new Rate(instrument, isOwn ? fees.makerBps : instrument.makerFeeBps)
    this.#taker = new Rate(instrument, takerBps)
    this.perOrder = isOwn ? Math.round(fees.perOrder * FEE_UNIT) : 0
    this.takerPart = takerBps / 10_000
  }

  of(ticks: number, lots: number, liquidity: Fill['liquidity'], isFirst: boolean): number {
    return (liquidity === 'maker' ? this.#maker : this.#taker).of(ticks, lots) + (isFirst ? this.perOrder : 0)
  }
  /** Of a fill to come. A rebate comes after it: it does not pay for it. */
  ahead(ticks: number, lots: number, liquidity: Fill['liquidity'], isFirst: boolean): number {
    return lots === 0 ? 0 : Math.max(0, this.of(ticks, lots, liquidity, isFirst))
  }
}

/** mulberry32: small, seeded, the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** How long the next request travels, in whole microseconds. */
export function latencyOf(latency: Latency, seed: number): () => number {
  if (latency.kind === 'fixed') {
    const us = Math.round(latency.us)
    return () => us
  }
  const next = seeded(seed)
  const { medianUs, sigma } = latency
  return () => {
    // Box and Muller; 1 - u keeps the logarithm finite.
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    return Math.round(medianUs * Math.exp(sigma * normal))
  }
}
