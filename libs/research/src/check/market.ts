import { TIMEFRAME_US } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import { random } from '../optimise/random.ts'
import type { Bar, SeriesOfBars, SpokenInput, Step } from './types.ts'

/** 2024-01-01 UTC: where the test kit of strategies begins, too. */
const START_US = 1_704_067_200_000_000
/** High enough that a small quantity is worth a venue's minimum. */
const START_PRICE = 30_000
/** Bars between two changes from a trend to a market that comes back. */
const PHASE_BARS = 45
const STEP_DEVIATION = 0.0012
const DRIFT = 0.0006

/** A market for a check: seeded, with trends up and down, ranges and spikes, so that most strategies have something to do. */
export function bars(seed: number, start: number, count: number): Bar[] {
  const from = random(seed)
  const made: Bar[] = []
  let close = start
  let anchor = start
  for (let i = 0; i < count; i++) {
    const phase = Math.floor(i / PHASE_BARS) % 4
    if (i % PHASE_BARS === 0) anchor = close
    const pull = phase === 0 ? DRIFT : phase === 2 ? -DRIFT : 0.15 * Math.log(anchor / close)
    const spike = i % 97 === 96 ? (from.next() - 0.5) * 0.02 : 0
    const open = close
    close = cents(open * Math.exp(pull + spike + STEP_DEVIATION * from.normal()))
    const high = cents(Math.max(open, close) * (1 + 0.0006 * from.next()))
    const low = cents(Math.min(open, close) * (1 - 0.0006 * from.next()))
    made.push({ open, high, low, close, volume: Math.round(1e4 * (0.5 + from.next() * 10)) / 1e4 })
  }
  return made
}

const cents = (price: number): number => Math.round(price * 100) / 100
const keyOf = ({ venue, instrument }: { venue: string; instrument: string }): string => `${venue}.${instrument}`

/**
 * Steps of all inputs of a strategy along one time: bar by bar, and where it listens to ticks or quotes some of them
 * within each bar; a clock beat after each when it wants one.
 */
export function marketFor(
  inputs: readonly SpokenInput[],
  options: { rows: number; seed: number; wantsTimer: boolean },
): { steps: Step[]; series: SeriesOfBars[] } {
  const { rows, seed } = options
  const instruments = [...new Set(inputs.map(keyOf))]
  const prices = new Map(
    instruments.map((key, index) => [key, bars(seed + index * 101, START_PRICE / (1 + 3 * index), rows)]),
  )
  const steps: Step[] = []
  const within = random(seed + 9)
  for (let row = 0; row < rows; row++) {
    for (const input of inputs) {
      const { kind, venue, instrument, timeframe } = input
      const bar = (prices.get(keyOf(input)) as Bar[])[row] as Bar
      if (kind === 'candles') steps.push({ kind: 'candle', venue, instrument, timeframe: timeframe as string, bar })
      else if (kind === 'ticks')
        for (const price of [bar.open, bar.low, bar.high, bar.close]) {
          const side = within.next() < 0.5 ? 'buy' : 'sell'
          const quantity = Math.round(1e4 * (0.01 + within.next())) / 1e4
          steps.push({ kind: 'tick', venue, instrument, price, quantity, side, seconds: 0.25 })
        }
      else if (kind === 'quotes')
        for (const price of [bar.low, bar.close]) {
          const half = cents(0.02 + 0.05 * within.next())
          steps.push({
            kind: 'quote',
            venue,
            instrument,
            bid: cents(price - half),
            ask: cents(price + half),
            seconds: 0.5,
          })
        }
    }
    if (options.wantsTimer) steps.push({ kind: 'timer' })
  }
  return { steps, series: seriesOf(inputs, prices) }
}

function seriesOf(inputs: readonly SpokenInput[], prices: ReadonlyMap<string, Bar[]>): SeriesOfBars[] {
  return inputs.flatMap((input) => {
    if (input.kind !== 'candles' || input.timeframe === undefined) return []
    const { venue, instrument, timeframe } = input
    const own = prices.get(keyOf(input)) as Bar[]
    const frameUs = TIMEFRAME_US[timeframe as Timeframe]
    return [{ venue, instrument, timeframe, openTimeUs: own.map((_, i) => START_US + i * frameUs), bars: own }]
  })
}
