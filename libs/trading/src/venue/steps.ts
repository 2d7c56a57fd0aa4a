import { fromSteps, parseDecimal, stepsOf } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'

/**
 * A tick or lot size as whole numbers: `units / power`. A count of steps is one integer in a double, and its value the one
 * division that rounds right: the same double as its decimal string reads back as.
 */
export type Step = { readonly text: string; readonly units: number; readonly power: number; readonly scale: number }
export type InstrumentSteps = {
  readonly tick: Step
  readonly lot: Step
  /** Smallest quantity that the venue takes, in lots. */
  readonly minLots: number
  /** In quote. */
  readonly minNotional: number
}

/** 10^22 is the largest power of ten that a double holds exactly. */
const SCALE_MAX = 22

export function stepOf(text: string): Step {
  const { units, scale } = parseDecimal(text, 'step')
  return { text, units: Number(units), power: 10 ** Math.min(scale, SCALE_MAX), scale }
}

const known = new WeakMap<Instrument, InstrumentSteps>()
/** Mostly it is the same one again. */
let last: { readonly instrument: Instrument; readonly steps: InstrumentSteps } | undefined

export function stepsOfInstrument(instrument: Instrument): InstrumentSteps {
  if (last?.instrument === instrument) return last.steps
  const steps = known.get(instrument) ?? makeSteps(instrument)
  last = { instrument, steps }
  return steps
}

function makeSteps(instrument: Instrument): InstrumentSteps {
  const { tickSize, lotSize, minQuantity, minNotional } = instrument
  const made = {
    tick: stepOf(tickSize),
    lot: stepOf(lotSize),
    minLots: stepsOf(minQuantity, lotSize, 'ceil', 'minQuantity'),
    minNotional: Number(minNotional),
  }
  known.set(instrument, made)
  return made
}

export function numberOfSteps(count: number, step: Step): number {
  const whole = count * step.units
  return Math.abs(whole) <= Number.MAX_SAFE_INTEGER ? whole / step.power : Number(fromSteps(count, step.text))
}
