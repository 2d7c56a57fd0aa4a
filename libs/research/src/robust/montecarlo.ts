import type { RunResult } from '../run/types.ts'
import { dailyEquity, periodsPerYearOf } from '../metrics/daily.ts'
import { maxDrawdown, returnsOf, sharpe } from '../metrics/returns.ts'
import { quantile } from '../metrics/statistics.ts'
import type { RobustnessSection } from '../report/sections.ts'
import { random, shuffle } from '../optimise/random.ts'
import { histogram, percent, shareBelow, spreadOf } from './spread.ts'
import type { Spread } from './spread.ts'

export type MonteCarloOptions = {
  readonly cash: number
  readonly seed: number
  /** Made-up runs; default 1000. */
  readonly rounds?: number
  /** Profit of a trade grows with equity (all-in, fractions); otherwise profits are added. */
  readonly compounding?: boolean
}
export const ROUNDS_DEFAULT = 1000
/** Returns x rounds: what one study may cost. Fewer rounds are run when there are more returns. */
const WORK_MAX = 20_000_000
const ROUNDS_MIN = 100
/** Points of equity that are resampled where there are too few days. */
const POINTS_MAX = 2000
const DAYS_MIN = 30

export type MonteCarlo = {
  readonly rounds: number
  readonly seed: number
  /** The same trades in another order: the end is the same, the way there is not. */
  readonly shuffled: { readonly actual: number | null; readonly maxDrawdown: Spread } | undefined
  /** Returns drawn again in blocks: what else such a market could have done. */
  readonly bootstrap:
    | {
        readonly returns: number
        readonly blockLength: number
        readonly totalReturn: Spread
        readonly maxDrawdown: Spread
        readonly sharpe: Spread
        readonly fan: readonly {
          readonly at: number
          readonly p5: number
          readonly median: number
          readonly p95: number
        }[]
      }
    | undefined
}

export function monteCarlo(result: RunResult, options: MonteCarloOptions): MonteCarlo {
  const wanted = options.rounds ?? ROUNDS_DEFAULT
  return {
    rounds: wanted,
    seed: options.seed,
    shuffled: shuffleTrades(result, options, wanted),
    bootstrap: bootstrapReturns(result, options, wanted),
  }
}

const roundsFor = (wanted: number, length: number): number =>
  Math.max(Math.min(wanted, ROUNDS_MIN), Math.min(wanted, Math.floor(WORK_MAX / Math.max(1, length))))

function shuffleTrades(result: RunResult, options: MonteCarloOptions, wanted: number): MonteCarlo['shuffled'] {
  if (result.trades.length < 2) return undefined
  const { cash, compounding } = options
  let before = cash
  const steps = Float64Array.from(result.trades, ({ pnl }) => {
    const step = compounding ? pnl / before : pnl
    before += pnl
    return step
  })
  const drawdown = (): number => {
    let [now, peak, worst] = [cash, cash, 0]
    for (let i = 0; i < steps.length; i++) {
      now = compounding ? now * (1 + steps[i]!) : now + steps[i]!
      if (now > peak) peak = now
      else if (now / peak - 1 < worst) worst = now / peak - 1
    }
    return worst
  }
  const actual = drawdown()
  const rounds = roundsFor(wanted, steps.length)
  const from = random(options.seed, 1)
  const found = Float64Array.from({ length: rounds }, () => {
    shuffle(steps, from)
    return drawdown()
  })
  return { actual, maxDrawdown: spreadOf(found) }
}

/** Daily where there are days enough, else the points of equity themselves, thinned. */
function resampled(result: RunResult, cash: number): { values: Float64Array; periods: number | undefined } {
  const { timeUs, value } = result.equity
  const periods = periodsPerYearOf(timeUs)
  const days = dailyEquity(timeUs, value, cash, periods)
  if (days.value.length > DAYS_MIN) return { values: days.value, periods }
  const every = Math.max(1, Math.ceil(value.length / POINTS_MAX))
  return { values: Float64Array.from([cash, ...value.filter((_, i) => (i + 1) % every === 0)]), periods: undefined }
}

/**
 * Stationary bootstrap: blocks of random length, n^(1/3) on average, so that what depends on yesterday still does.
 * Politis and Romano, 1994.
 */
function bootstrapReturns(result: RunResult, options: MonteCarloOptions, wanted: number): MonteCarlo['bootstrap'] {
  const { values, periods } = resampled(result, options.cash)
  const returns = returnsOf(values)
  if (returns.length < 10 || values.some((value) => !(value > 0))) return undefined
  const length = returns.length
  const blockLength = Math.max(1, Math.round(length ** (1 / 3)))
  const rounds = roundsFor(wanted, length)
  const from = random(options.seed, 2)
  const [totals, drawdowns, sharpes] = [0, 1, 2].map(() => new Float64Array(rounds)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const drawn = new Float64Array(length)
  const way = new Float64Array(length + 1)
  const marks = fanMarks(length)
  const fans = marks.map(() => new Float64Array(rounds))
  for (let round = 0; round < rounds; round++) {
    let at = 0
    way[0] = 1
    for (let i = 0; i < length; i++) {
      at = i === 0 || from.next() < 1 / blockLength ? from.below(length) : (at + 1) % length
      drawn[i] = returns[at]!
      way[i + 1] = way[i]! * (1 + drawn[i]!)
    }
    totals[round] = way[length]! - 1
    drawdowns[round] = maxDrawdown(way) ?? 0
    sharpes[round] = sharpe(drawn, periods ?? 1) ?? 0
    for (const [k, mark] of marks.entries()) fans[k]![round] = way[mark]!
  }
  const fan = marks.map((at, k) => {
    const [p5, median, p95] = [0.05, 0.5, 0.95].map((share) => quantile(fans[k]!, share)! * options.cash)
    return { at, p5: p5!, median: median!, p95: p95! }
  })
  return {
    returns: length,
    blockLength,
    totalReturn: spreadOf(totals),
    maxDrawdown: spreadOf(drawdowns),
    sharpe: spreadOf(sharpes),
    fan,
  }
}

const FAN_POINTS = 60
const fanMarks = (length: number): number[] => [
  ...new Set(Array.from({ length: FAN_POINTS + 1 }, (_, i) => Math.round((i / FAN_POINTS) * length))),
]

export function monteCarloSection(result: RunResult, options: MonteCarloOptions): RobustnessSection {
  const study = monteCarlo(result, options)
  const { shuffled, bootstrap } = study
  const lossShare = bootstrap ? shareBelow(bootstrap.totalReturn.values, 0) : null
  const totalReturn = result.finalEquity / options.cash - 1
  const verdict = lossShare === null ? 'unknown' : lossShare <= 0.05 ? 'good' : lossShare <= 0.25 ? 'doubtful' : 'bad'
  const summary = bootstrap
    ? `Of ${bootstrap.totalReturn.values.length} runs made of the same returns in other order, ${percent(lossShare)} lost money; ` +
      `one in twenty fell by ${percent(bootstrap.maxDrawdown.p5)} or more on the way.`
    : 'There are too few returns to draw from.'
  const figures: RobustnessSection['figures'] = [
    ...(bootstrap
      ? ([
          { label: 'Probability of a loss', value: lossShare, format: 'probability' },
          { label: 'Return, 5 % worst', value: bootstrap.totalReturn.p5, format: 'percent' },
          { label: 'Return, median', value: bootstrap.totalReturn.median, format: 'percent' },
          { label: 'Return, 5 % best', value: bootstrap.totalReturn.p95, format: 'percent' },
          { label: 'Drawdown, 5 % worst', value: bootstrap.maxDrawdown.p5, format: 'percent' },
          {
            label: 'Block length',
            value: bootstrap.blockLength,
            format: 'count',
            hint: 'Mean length of a block of returns.',
          },
        ] as const)
      : []),
    ...(shuffled
      ? ([
          {
            label: 'Drawdown at closes, this order',
            value: shuffled.actual,
            format: 'percent',
            hint: 'Of equity at the ends of trades, unlike the drawdown above.',
          },
          { label: 'Drawdown, trades shuffled, median', value: shuffled.maxDrawdown.median, format: 'percent' },
          { label: 'Drawdown, trades shuffled, 5 % worst', value: shuffled.maxDrawdown.p5, format: 'percent' },
        ] as const)
      : []),
  ]
  const charts: RobustnessSection['charts'] = bootstrap
    ? [
        histogram('Total return of resampled runs', bootstrap.totalReturn.values, totalReturn, 'percent'),
        {
          kind: 'lines',
          title: 'Equity of resampled runs',
          x: bootstrap.fan.map(({ at }) => at),
          xLabel: 'returns',
          lines: (['p5', 'median', 'p95'] as const).map((name) => ({
            label: { p5: '5 % worst', median: 'median', p95: '5 % best' }[name],
            values: bootstrap.fan.map((point) => point[name]),
            faint: name !== 'median',
          })),
        },
        ...(shuffled
          ? [
              histogram(
                'Drawdown with the trades shuffled',
                shuffled.maxDrawdown.values,
                shuffled.actual ?? undefined,
                'percent',
              ),
            ]
          : []),
      ]
    : []
  return { kind: 'montecarlo', title: 'Monte Carlo', summary, verdict, seed: options.seed, figures, charts, tables: [] }
}
