import type { Confirm, Instrument } from '@contrail/contracts'
import { barsOfTicks } from '@contrail/data'
import { defaultAssumptions, runBacktest } from '@contrail/trading'
import type { Assumptions, BacktestResult, MarketColumns, TickColumns } from '@contrail/trading'
import smaCross from '@contrail/trading/strategies/sma-cross'
import { describe, expect, test } from 'vitest'
import { parity } from './parity.ts'
import type { ParityInput } from './parity.ts'

const instrument = {
  venue: 'sim',
  instrument: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.001',
  minQuantity: '0.001',
  minNotional: '0',
  makerFeeBps: 2,
  takerFeeBps: 5,
} as unknown as Instrument
const parameters = { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m', fast: 3, slow: 8, quantity: 1 }
const assumptions: Assumptions = { ...defaultAssumptions, fillModel: 'trade', riskGate: false }

/** Trades of a seeded walk, one every two seconds for four hours. */
function walk(): TickColumns {
  const rows = 7_200
  let seed = 7
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  let cents = 100_00
  const price = Float64Array.from({ length: rows }, () => (cents += Math.floor(random() * 11) - 5) / 100)
  const receiveTimeUs = Float64Array.from({ length: rows }, (_, row) => 1_723_075_200_000_000 + row * 2_000_000 + 1)
  return {
    kind: 'ticks',
    venue: 'sim',
    instrument: 'BTC-USDT',
    rows,
    receiveTimeUs,
    venueTimeUs: receiveTimeUs,
    price,
    quantity: new Float64Array(rows).fill(5),
    side: new Int8Array(rows).fill(1),
    tradeId: Float64Array.from({ length: rows }, (_, row) => row + 1),
  }
}

const ticks = walk()
const recorded: MarketColumns[] = [ticks, barsOfTicks(ticks, '1m')]
const run = (with_: Assumptions): BacktestResult =>
  runBacktest({
    definition: smaCross,
    parameters,
    instruments: [instrument],
    series: recorded,
    cash: 100_000,
    assumptions: with_,
  })

/** What the books of a platform would say of the same fills. */
const confirmsOf = ({ fills }: BacktestResult): Confirm[] =>
  fills.map(
    (fill) =>
      ({
        ...fill,
        fill: {
          ...fill,
          quantity: `${fill.quantity}`,
          price: `${fill.price}`,
          fee: `${fill.fee}`,
          venueTimeUs: fill.atUs,
        },
      }) as unknown as Confirm,
  )

function inputOf(paper: BacktestResult, change: Partial<ParityInput> = {}): ParityInput {
  return {
    definition: smaCross,
    parameters,
    instruments: [instrument],
    decisions: paper.decisions,
    confirms: confirmsOf(paper),
    opening: {},
    recorded,
    archive: recorded,
    fromUs: 0,
    toUs: Number.MAX_SAFE_INTEGER,
    cash: 100_000,
    assumptions,
    ...change,
  }
}
const partsOf = (input: ParityInput) => Object.fromEntries(parity(input).parts.map(({ name, pnl }) => [name, pnl]))

describe('parity', () => {
  const paper = run(assumptions)

  test('paper that did what the backtest does differs in nothing', () => {
    const found = parity(inputOf(paper))
    expect(found.fills.paper).toBeGreaterThan(20)
    expect(found.fills).toEqual({
      paper: paper.fills.length,
      asDecided: paper.fills.length,
      backtest: paper.fills.length,
    })
    for (const { pnl } of found.parts) expect(Math.abs(pnl)).toBeLessThan(1e-7)
    expect(Math.abs(found.difference)).toBeLessThan(1e-7)
  })

  test('other fees are a part of their own, and the parts sum to the whole', () => {
    const input = inputOf(paper, {
      assumptions: { ...assumptions, fees: { kind: 'bps', makerBps: 0, takerBps: 0, perOrder: 0 } },
    })
    const parts = partsOf(input)
    const paid = paper.fills.reduce((sum, { fee }) => sum + fee, 0)
    expect(parts['fees']).toBeCloseTo(paid, 8)
    for (const name of ['fill model', 'latency', 'data']) expect(Math.abs(parts[name] as number)).toBeLessThan(1e-7)
    expect(Math.abs(parity(input).residual)).toBeLessThan(1e-8)
  })

  test('a way of ten seconds to the venue is found in the fills and is the latency part', () => {
    const slow = run({ ...assumptions, latency: { kind: 'fixed', us: 10_000_000 } })
    const found = parity(inputOf(slow))
    const parts = Object.fromEntries(found.parts.map(({ name, pnl }) => [name, pnl]))
    // Ten seconds, or one trade less: the fill says no more.
    expect(found.paperLatencyUs).toBeGreaterThan(8_000_000)
    expect(found.paperLatencyUs).toBeLessThanOrEqual(10_000_000)
    expect(Math.abs(parts['fill model'] as number)).toBeLessThan(1e-7)
    expect(Math.abs(parts['latency'] as number)).toBeGreaterThan(0.001)
    expect(Math.abs(found.residual)).toBeLessThan(1e-8)
  })

  test('what was held at the start is named', () => {
    const parts = partsOf(inputOf(paper, { opening: { 'sim.BTC-USDT': 2 } }))
    const [first, last] = [ticks.price[0] as number, ticks.price.at(-1) as number]
    expect(parts['opening']).toBeCloseTo(-2 * (last - first), 9)
  })
})
