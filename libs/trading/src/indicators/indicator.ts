import { refuse } from '@contrail/contracts'
import type { Refusal } from '@contrail/contracts'
import type { Restorable } from '../strategy/api.ts'
import type { Part } from './windows.ts'

/*
 * An indicator takes one bar or price per `update`, allocates nothing, and keeps all it knows in one Float64Array: so a
 * snapshot is a copy of it. What a window changes with every value is in fields of its part (`windows.ts`), and goes there
 * for a snapshot. Conventions are those of TA-Lib unless an option names another. Every output is NaN until it can be
 * computed; an input that is not finite is refused and changes nothing.
 */
export const PERIOD_MAX = 10_000

export type Column = 'open' | 'high' | 'low' | 'close' | 'volume'
export type IndicatorSnapshot = { readonly indicator: string; readonly cells: readonly (number | string)[] }

export abstract class Indicator implements Restorable {
  /** Kind and parameters, e.g. `sma(20)`: a snapshot of another one is refused. */
  readonly name: string
  abstract readonly inputs: readonly Column[]
  abstract readonly outputs: readonly string[]
  protected readonly cells: Float64Array
  readonly #parts: Part[] = []

  constructor(name: string, cells: number) {
    this.name = name
    this.cells = new Float64Array(cells)
  }

  /** All outputs are there. */
  abstract get ready(): boolean
  /** The main output; NaN until it is there. */
  abstract get value(): number

  /** From now on it is part of every snapshot. */
  protected part<P extends Part>(part: P): P {
    this.#parts.push(part)
    return part
  }

  snapshot(): IndicatorSnapshot {
    for (const part of this.#parts) part.keep()
    return { indicator: this.name, cells: Array.from(this.cells, encodeCell) }
  }

  restore(state: unknown): void {
    const { indicator, cells } = state as Partial<IndicatorSnapshot>
    if (indicator !== this.name)
      throw refuse('other_indicator', 'indicator', indicator, `restore a snapshot of ${this.name}`)
    if (!Array.isArray(cells) || cells.length !== this.cells.length)
      throw refuse('damaged_snapshot', `${this.name}.cells`, cells, `give ${this.cells.length} cells`)
    this.cells.set(cells.map(Number))
    for (const part of this.#parts) part.load()
  }
}

/** Its outputs lie in the first cells, and the one that comes last stands last. */
export abstract class CellIndicator extends Indicator {
  readonly #last: number

  constructor(name: string, outputs: number, cells: number) {
    super(name, outputs + cells)
    this.#last = outputs - 1
    this.cells.fill(NaN, 0, outputs)
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[this.#last])
  }
}

/** JSON has no NaN, no infinity and no negative zero. */
function encodeCell(value: number): number | string {
  if (!Number.isFinite(value)) return String(value)
  return Object.is(value, -0) ? '-0' : value
}

export function periodOf(name: string, value: number, min = 1): number {
  if (Number.isInteger(value) && value >= min && value <= PERIOD_MAX) return value
  throw refuse('invalid_period', name, value, `give a whole number from ${min} to ${PERIOD_MAX}`)
}

/** NaN and infinities are the only numbers whose difference with themselves is not zero. */
export function mustBeFinite(indicator: string, input: string, value: number): void {
  if (value - value !== 0) throw notFinite(indicator, input, value)
}

function notFinite(indicator: string, input: string, value: number): Refusal {
  return refuse('not_finite', `${indicator}.${input}`, value, 'give finite numbers only')
}

export function mustBeBar(indicator: string, high: number, low: number, close: number): void {
  if (high - high + (low - low) + (close - close) !== 0) refuseBar(indicator, high, low, close)
}

function refuseBar(indicator: string, high: number, low: number, close: number): void {
  mustBeFinite(indicator, 'high', high)
  mustBeFinite(indicator, 'low', low)
  mustBeFinite(indicator, 'close', close)
}

export function mustBeVolume(indicator: string, volume: number): void {
  mustBeFinite(indicator, 'volume', volume)
  if (volume < 0) throw refuse('negative', `${indicator}.volume`, volume, 'give a volume that is not negative')
}

export type Columns = Partial<Record<Column, ArrayLike<number>>>
export type RunnableIndicator = {
  readonly name: string
  readonly inputs: readonly Column[]
  readonly outputs: readonly string[]
  update(...values: number[]): number
}

/** The whole of some columns at once: the same updates as streaming, so equal to the last bit. */
export function run<I extends RunnableIndicator>(
  indicator: I,
  columns: Columns,
): Record<I['outputs'][number], Float64Array> {
  const given = indicator.inputs.map((column) => columnOf(indicator, columns, column))
  const rows = given[0]?.length ?? 0
  const results: Record<string, Float64Array> = {}
  for (const output of indicator.outputs) results[output] = new Float64Array(rows)
  const values = Array.from({ length: given.length }, () => 0)
  const readable = indicator as unknown as Record<string, number>
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < given.length; i++) values[i] = given[i]![row]!
    indicator.update(...values)
    for (const output of indicator.outputs) results[output]![row] = readable[output]!
  }
  return results as Record<I['outputs'][number], Float64Array>
}

function columnOf(indicator: RunnableIndicator, columns: Columns, column: Column): ArrayLike<number> {
  const values = columns[column]
  const first = columns[indicator.inputs[0]!]
  if (!values)
    throw refuse('missing_column', column, 'nothing', `${indicator.name} needs ${indicator.inputs.join(', ')}`)
  if (first && values.length !== first.length)
    throw refuse('unequal_columns', column, values.length, `give ${first.length} values like the first column`)
  return values
}
