/*
 * What the robustness studies (walk-forward, Monte Carlo, significance, plateau, deflated Sharpe) hand to the report. A section is
 * data only: the report draws it, so that a study needs to know nothing about pages.
 */

/** A number that was found, with what it means. `value` null = undefined; `format` says how to show it. */
export type SectionFigure = {
  readonly label: string
  readonly value: number | string | null
  readonly format?: 'ratio' | 'percent' | 'money' | 'count' | 'text' | 'probability'
  /** One sentence: what a reader should take from it. */
  readonly hint?: string
}
export type SectionTable = {
  readonly title?: string
  readonly columns: readonly { readonly label: string; readonly format?: SectionFigure['format'] }[]
  /** At most 500 rows are shown. */
  readonly rows: readonly (readonly (number | string | null)[])[]
}
export type SectionChart =
  /** Lines over time or over a number; every line has as many values as `x`. `shade` marks intervals of x (out of sample, say). */
  | {
      readonly kind: 'lines'
      readonly title?: string
      /** Microseconds when `xIsTime`. */
      readonly x: readonly number[]
      readonly xIsTime?: boolean
      readonly xLabel?: string
      readonly lines: readonly {
        readonly label: string
        readonly values: readonly (number | null)[]
        readonly faint?: boolean
      }[]
      readonly shade?: readonly { readonly from: number; readonly to: number; readonly label?: string }[]
    }
  /** How often a value fell into each bin, and where the run itself lies. `edges` has one more entry than `counts`. */
  | {
      readonly kind: 'histogram'
      readonly title?: string
      readonly edges: readonly number[]
      readonly counts: readonly number[]
      readonly marker?: { readonly label: string; readonly value: number }
      readonly format?: SectionFigure['format']
    }
  /** A score over two parameters: values[row][column]; null = not run. */
  | {
      readonly kind: 'heatmap'
      readonly title?: string
      readonly xLabel: string
      readonly yLabel: string
      readonly x: readonly (number | string)[]
      readonly y: readonly (number | string)[]
      readonly values: readonly (readonly (number | null)[])[]
      readonly chosen?: { readonly x: number | string; readonly y: number | string }
    }
  /** One bar per label. */
  | {
      readonly kind: 'bars'
      readonly title?: string
      readonly labels: readonly string[]
      readonly values: readonly (number | null)[]
      readonly format?: SectionFigure['format']
    }

export type RobustnessSection = {
  readonly kind: 'walkforward' | 'montecarlo' | 'significance' | 'plateau' | 'deflated-sharpe'
  readonly title: string
  /** The answer in one or two sentences of plain words. */
  readonly summary: string
  /** `good` and `bad` colour the heading; `unknown` when it cannot be said. */
  readonly verdict: 'good' | 'doubtful' | 'bad' | 'unknown'
  readonly seed?: number
  readonly figures: readonly SectionFigure[]
  readonly charts: readonly SectionChart[]
  readonly tables: readonly SectionTable[]
}
