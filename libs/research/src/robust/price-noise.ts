import type { CandleColumns, MarketColumns, TickColumns } from '@contrail/trading'
import { random } from '../optimise/random.ts'
import type { Random } from '../optimise/random.ts'

export type PriceNoise = { readonly bps: number; readonly seed: number; readonly round: number }

/**
 * The same market with a little noise on every price: relative, normal, `bps` wide. A bar keeps its shape rules
 * (low <= open, close <= high). Volumes, times and everything else stay.
 */
export function noisySeries(series: readonly MarketColumns[], { bps, seed, round }: PriceNoise): MarketColumns[] {
  return series.map((one, index) => {
    const from = random(seed, round, index)
    if (one.kind === 'candles') return noisyCandles(one, bps / 10_000, from)
    if (one.kind === 'ticks') return noisyTicks(one, bps / 10_000, from)
    return one
  })
}

function noisyCandles(series: CandleColumns, width: number, from: Random): CandleColumns {
  const [open, high, low, close] = [0, 1, 2, 3].map(() => new Float64Array(series.rows)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let i = 0; i < series.rows; i++) {
    const moved = (price: number): number => price * Math.max(0.01, 1 + width * from.normal())
    open[i] = moved(series.open[i]!)
    close[i] = moved(series.close[i]!)
    const body = [open[i]!, close[i]!] as const
    high[i] = Math.max(moved(series.high[i]!), ...body)
    low[i] = Math.min(moved(series.low[i]!), ...body)
  }
  return { ...series, open, high, low, close }
}

function noisyTicks(series: TickColumns, width: number, from: Random): TickColumns {
  const price = series.price.map((value) => value * Math.max(0.01, 1 + width * from.normal()))
  return { ...series, price }
}
