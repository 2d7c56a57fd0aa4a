import { CellIndicator, mustBeBar } from './indicator.ts'
import { typicalPrice } from './volume.ts'

export const PIVOT_KINDS = ['classic', 'fibonacci', 'camarilla', 'woodie'] as const
export type PivotKind = (typeof PIVOT_KINDS)[number]

/**
 * Pivot point with three resistances and supports, from one whole bar (a day, as a rule): they hold for the bar after it.
 * There from the first bar on.
 */
export class PivotPoints extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['pivot', 'r1', 's1', 'r2', 's2', 'r3', 's3'] as const
  readonly #kind: PivotKind

  constructor(kind: PivotKind = 'classic') {
    super(`pivot_points(${kind})`, 7, 0)
    this.#kind = kind
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const range = high - low
    const pivot = this.#kind === 'woodie' ? (high + low + 2 * close) / 4 : typicalPrice(high, low, close)
    cells[0] = pivot
    if (this.#kind === 'fibonacci') this.#around(pivot, 0.382 * range, 0.618 * range, range)
    else if (this.#kind === 'camarilla') this.#around(close, (1.1 * range) / 12, (1.1 * range) / 6, (1.1 * range) / 4)
    else {
      cells[1] = 2 * pivot - low
      cells[2] = 2 * pivot - high
      cells[3] = pivot + range
      cells[4] = pivot - range
      cells[5] = high + 2 * (pivot - low)
      cells[6] = low - 2 * (high - pivot)
    }
    return pivot
  }

  #around(middle: number, first: number, second: number, third: number): void {
    this.cells[1] = middle + first
    this.cells[2] = middle - first
    this.cells[3] = middle + second
    this.cells[4] = middle - second
    this.cells[5] = middle + third
    this.cells[6] = middle - third
  }

  get pivot(): number {
    return this.cells[0]!
  }

  get r1(): number {
    return this.cells[1]!
  }

  get s1(): number {
    return this.cells[2]!
  }

  get r2(): number {
    return this.cells[3]!
  }

  get s2(): number {
    return this.cells[4]!
  }

  get r3(): number {
    return this.cells[5]!
  }

  get s3(): number {
    return this.cells[6]!
  }
}
