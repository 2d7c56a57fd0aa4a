import type { BacktestResult, CandleColumns, TradeRecord } from '@contrail/trading'
import { describe, expect, it } from 'vitest'
import type { Space } from '../optimise/space.ts'
import type { Objective, Outcome, Trial } from '../optimise/trial.ts'
import { deflatedSection, trialCountOf } from './deflated.ts'
import { monteCarlo } from './montecarlo.ts'
import { plateau, plateauSection } from './plateau.ts'
import { noisySeries } from './price-noise.ts'
import { robustness } from './robustness.ts'
import { significance, significanceBeside } from './significance.ts'
import { walk } from '../testing/walk.ts'
import { windowsOf } from './windows.ts'

const CASH = 10_000

function trade(series: CandleColumns, entryRow: number, exitRow: number): TradeRecord {
  const [entryPrice, exitPrice] = [series.open[entryRow]!, series.open[exitRow]!]
  const quantity = 1000 / entryPrice
  return {
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: 'long',
    quantity,
    entryTimeUs: series.openTimeUs[entryRow]!,
    exitTimeUs: series.openTimeUs[exitRow]!,
    entryRow,
    exitRow,
    entryPrice,
    exitPrice,
    pnl: quantity * (exitPrice - entryPrice) - 1,
    fees: 1,
    funding: 0,
    returnRatio: exitPrice / entryPrice - 1,
    mae: 0,
    mfe: 0,
    entryTag: undefined,
    exitTag: undefined,
    exitReason: 'signal',
  }
}

function resultOf(series: CandleColumns, trades: readonly TradeRecord[]): BacktestResult {
  const value = new Float64Array(series.rows).fill(CASH)
  for (const { exitRow, pnl } of trades) for (let i = exitRow; i < series.rows; i++) value[i]! += pnl
  const equity = { timeUs: series.openTimeUs, value, exposure: new Float64Array(series.rows) }
  return { trades, equity, finalEquity: value.at(-1), complete: true } as unknown as BacktestResult
}
const everyTenth = (series: CandleColumns, pick: (row: number) => number): TradeRecord[] =>
  Array.from({ length: 60 }, (_, i) => trade(series, pick(20 + i * 20), pick(20 + i * 20) + 5))
/** The best of the next ten rows to buy on: what only a cheat can know. */
const foresight =
  (series: CandleColumns) =>
  (row: number): number => {
    const gain = (at: number): number => series.open[at + 5]! / series.open[at]!
    return Array.from({ length: 10 }, (_, i) => row + i).reduce((best, at) => (gain(at) > gain(best) ? at : best), row)
  }

describe('significance', () => {
  it('entries that know the future are told from luck', () => {
    const series = walk(1400, 1)
    const found = significance(resultOf(series, everyTenth(series, foresight(series))), { seed: 1, series: [series] })
    expect(found).toMatchObject({ trades: 60, rounds: 1000 })
    expect(found.pValue).toBeLessThan(0.01)
  })

  it('entries at random have a p-value that is anything', () => {
    const values = Array.from({ length: 30 }, (_, seed) => {
      const series = walk(1400, seed + 10)
      return significance(
        resultOf(
          series,
          everyTenth(series, (row) => row),
        ),
        { seed, series: [series], rounds: 200 },
      ).pValue!
    })
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean).toBeGreaterThan(0.35)
    expect(mean).toBeLessThan(0.65)
    expect(values.filter((value) => value < 0.05).length).toBeLessThan(6)
  })

  it('one seed gives one answer', () => {
    const series = walk(1400, 1)
    const result = resultOf(
      series,
      everyTenth(series, (row) => row),
    )
    const [a, b, c] = [1, 1, 2].map((seed) => significance(result, { seed, series: [series] }).random)
    expect(b).toEqual(a)
    expect(c).not.toEqual(a)
  })

  it('without trades there is nothing to say', () => {
    const series = walk(100, 1)
    expect(significance(resultOf(series, []), { seed: 1, series: [series] }).pValue).toBeNull()
  })
})

describe('Monte Carlo', () => {
  const series = walk(2400, 4)

  it('a strategy that earns steadily rarely loses when its returns are drawn again; one without edge does half the time', () => {
    const lossShare = (result: BacktestResult): number => {
      const { values } = monteCarlo(result, { cash: CASH, seed: 3 }).bootstrap!.totalReturn
      return values.filter((value) => value < 0).length / values.length
    }
    expect(lossShare(resultOf(series, everyTenth(series, foresight(series))))).toBeLessThan(0.01)
    const shares = Array.from({ length: 9 }, (_, seed) => {
      const own = walk(2400, seed + 40)
      const value = own.close.map((price) => (CASH * price) / 100)
      return lossShare({ trades: [], equity: { timeUs: own.openTimeUs, value }, finalEquity: 0 } as never)
    })
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    expect(mean).toBeGreaterThan(0.2)
    expect(mean).toBeLessThan(0.8)
  })

  it('the order of equal trades does not matter; that of others does', () => {
    const equal = Array.from({ length: 20 }, (_, i) => ({ ...trade(series, 10 + i, 11 + i), pnl: -10 }))
    const same = monteCarlo(resultOf(series, equal), { cash: CASH, seed: 3 }).shuffled!
    expect(same.maxDrawdown.p5).toBe(same.actual)
    expect(same.maxDrawdown.p95).toBe(same.actual)
    const sorted = equal.map((one, i) => ({ ...one, pnl: i < 10 ? -100 : 120 }))
    const other = monteCarlo(resultOf(series, sorted), { cash: CASH, seed: 3 }).shuffled!
    expect(other.actual).toBeCloseTo(-0.1, 10)
    expect(other.maxDrawdown.median).toBeGreaterThan(other.actual!)
  })
})

it('a little noise keeps bars whole and is the same for a seed', () => {
  const series = walk(300, 5)
  const [noisy] = noisySeries([series], { bps: 20, seed: 7, round: 1 }) as [CandleColumns]
  for (let i = 0; i < noisy.rows; i++) {
    expect(noisy.low[i]!).toBeLessThanOrEqual(Math.min(noisy.open[i]!, noisy.close[i]!))
    expect(noisy.high[i]!).toBeGreaterThanOrEqual(Math.max(noisy.open[i]!, noisy.close[i]!))
    expect(Math.abs(noisy.close[i]! / series.close[i]! - 1)).toBeLessThan(0.02)
  }
  expect(noisySeries([series], { bps: 20, seed: 7, round: 1 })[0]).toEqual(noisy)
  expect(noisySeries([series], { bps: 20, seed: 7, round: 2 })[0]).not.toEqual(noisy)
})

describe('the plateau', () => {
  const space: Space = {
    dimensions: [
      { kind: 'number', name: 'fast', low: 2, high: 52, step: 1, log: false },
      { kind: 'number', name: 'slow', low: 10, high: 210, step: 1, log: false },
      { kind: 'choice', name: 'mode', choices: ['a', 'b'] },
    ],
    fixed: {},
    unbounded: [],
  }
  const objectives: Objective[] = [{ name: 'sharpe', direction: 'maximise' }]
  const best: Trial = {
    number: 3,
    point: { fast: 20, slow: 100, mode: 'a' },
    state: 'done',
    values: [2],
    metrics: {},
    ms: 1,
  }
  const around = (steepness: number) =>
    plateau({
      space,
      objectives,
      best,
      evaluate: async ({ fast, slow }): Promise<Outcome> => ({
        state: 'done',
        values: [2 - steepness * (Math.abs((fast as number) - 20) + Math.abs((slow as number) - 100) / 4)],
        metrics: {},
        ms: 1,
      }),
    })

  it('is wide where the score falls slowly and a peak where it falls fast', async () => {
    const [flat, steep] = [await around(0.02), await around(1)]
    expect(plateauSection(flat, objectives).verdict).toBe('good')
    expect(plateauSection(steep, objectives).verdict).toBe('bad')
    expect(flat.neighbours.find(({ name }) => name === 'mode')).toMatchObject({ value: 'b', score: 2, fall: 0 })
    const next = flat.neighbours.find(({ name, value }) => name === 'fast' && value === 21)
    expect(next).toMatchObject({ distance: 0.025, score: 1.98 })
    expect(next!.fall).toBeCloseTo(0.01, 12)
  })

  it('has a map with the chosen point in its middle', async () => {
    const { map } = await around(0.02)
    expect(map).toMatchObject({ xLabel: 'fast', yLabel: 'slow', chosen: { x: 20, y: 100 } })
    expect(map!.x).toEqual([15, 17, 20, 23, 25])
    expect(map!.values[2]![2]).toBe(2)
  })
})

describe('walk-forward windows', () => {
  it('tile the time: rolling', () => {
    const windows = windowsOf(0, 700, { windows: 4, ratio: 3 })
    expect(windows).toEqual([
      { trainFromUs: 0, trainToUs: 300, testToUs: 400 },
      { trainFromUs: 100, trainToUs: 400, testToUs: 500 },
      { trainFromUs: 200, trainToUs: 500, testToUs: 600 },
      { trainFromUs: 300, trainToUs: 600, testToUs: 700 },
    ])
  })

  it('and anchored', () => {
    const windows = windowsOf(0, 700, { windows: 4, ratio: 3, anchored: true })
    expect(windows.map(({ trainFromUs }) => trainFromUs)).toEqual([0, 0, 0, 0])
    expect(windows.at(-1)).toEqual({ trainFromUs: 0, trainToUs: 600, testToUs: 700 })
  })

  it('none is refused', () => expect(() => windowsOf(0, 700, { windows: 0 })).toThrow(/--windows/))
})

it('more trials make the same Sharpe ratio worth less, and every trial counts', () => {
  const series = walk(2400, 4)
  const result = resultOf(series, everyTenth(series, foresight(series)))
  const probability = (count: number): number =>
    deflatedSection(result, CASH, { count, variance: 0.02 }).figures[0]!.value as number
  expect(probability(1)).toBeGreaterThan(probability(10))
  expect(probability(10)).toBeGreaterThan(probability(1000))
  const trials = [1, 2, null].map((sharpe, number): Trial => ({
    number,
    point: {},
    state: 'done',
    values: [sharpe],
    metrics: { sharpe },
    ms: 0,
  }))
  const counted = trialCountOf([...trials, { number: 3, point: {}, state: 'failed', problem: 'x', ms: 0 }], 365)
  expect(counted.count).toBe(4)
  expect(counted.variance).toBeCloseTo(0.5 / 365, 12)
})

it('random entries are the same on a thread of their own', async () => {
  const series = walk(2400, 4)
  const result = resultOf(series, everyTenth(series, foresight(series)))
  const options = { seed: 1, series: [series], rounds: 50_000 }
  const here = significance(result, options)
  expect(here.trades * here.rounds).toBeGreaterThan(1_000_000)
  expect(await significanceBeside(result, options)).toEqual(here)
})

it('a report has its three studies without being asked, twice the same', async () => {
  const series = walk(2400, 4)
  const result = resultOf(series, everyTenth(series, foresight(series)))
  const sections = await robustness(result, { cash: CASH, seed: 1, series: [series] })
  expect(sections.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual([
    'montecarlo good',
    'significance good',
    'deflated-sharpe good',
  ])
  expect(await robustness(result, { cash: CASH, seed: 1, series: [series] })).toEqual(sections)
})
