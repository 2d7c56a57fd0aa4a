import { stepsOf } from '@contrail/contracts'
import { CandleBuilder, Sma } from '@contrail/trading'
import { expect, test } from 'vitest'
import type { RawEvent } from '../port.ts'
import { SYNTHETIC_INSTRUMENTS } from './instruments.ts'
import { STEP_MS, SyntheticMarket } from './market.ts'

const START_US = 1_700_000_000_000_000
const MINUTE_STEPS = 60_000 / STEP_MS

function run(index: number, seed: number, steps: number, startPrice?: number): RawEvent[] {
  const instrument = SYNTHETIC_INSTRUMENTS[index]!
  const market = new SyntheticMarket(instrument, {
    seed,
    ratePerSecond: 4,
    startPrice: startPrice ?? instrument.startPrice,
    firstTradeId: 1000,
  })
  const events: RawEvent[] = []
  for (let i = 1; i <= steps; i++) events.push(...market.next(START_US + i * STEP_MS * 1000))
  return events
}
const trades = (events: RawEvent[]) => events.filter((event) => event.kind === 'trade')

test('one seed is one market, another seed another', () => {
  expect(run(0, 7, 300)).toEqual(run(0, 7, 300))
  expect(run(0, 8, 300)).not.toEqual(run(0, 7, 300))
})

test('a market that goes on from a price trades near it', () => {
  const [first] = trades(run(0, 7, 50, 41_000))
  expect(Math.abs(first!.price / 41_000 - 1)).toBeLessThan(0.01)
})

test.each(SYNTHETIC_INSTRUMENTS.map((each, index) => [each.instrument as string, index] as const))(
  '%s: trades lie on the grid at the best quote, ids count up, the book is never crossed',
  (_, index) => {
    const { tickSize, lotSize } = SYNTHETIC_INSTRUMENTS[index]!
    let quote: Extract<RawEvent, { kind: 'quote' }> | undefined
    let id = 1000
    let count = 0
    for (const event of run(index, 3, 5 * MINUTE_STEPS)) {
      if (event.kind === 'quote') {
        expect(event.bid).toBeLessThan(event.ask)
        quote = event
      } else if (event.kind === 'trade') {
        expect(Number(event.tradeId)).toBe(id++)
        stepsOf(String(event.price), tickSize, 'exact')
        stepsOf(String(event.quantity), lotSize, 'exact')
        expect(event.price).toBe(event.side === 'buy' ? quote!.ask : quote!.bid)
        count++
      } else if (event.kind === 'snapshot') {
        expect(event.bids[0]![0]).toBeLessThan(event.asks[0]![0])
        expect(event.bids).toHaveLength(10)
      }
    }
    // 300 s at 4 a second; Poisson, so within five deviations.
    expect(Math.abs(count - 1200)).toBeLessThan(5 * Math.sqrt(1200))
  },
)

test('every instrument gives a moving-average cross of one-second bars something to do in each minute', () => {
  for (const [index, { instrument }] of SYNTHETIC_INSTRUMENTS.entries()) {
    const minutes = crossesByMinute(trades(run(index, 11, 20 * MINUTE_STEPS)))
    const quiet = minutes.slice(1).filter((count) => count === 0).length
    expect(quiet, `${instrument}: minutes without a cross in ${minutes.join(' ')}`).toBeLessThanOrEqual(4)
  }
})

function crossesByMinute(events: Extract<RawEvent, { kind: 'trade' }>[]): number[] {
  const [builder, fast, slow] = [new CandleBuilder('1s'), new Sma(5), new Sma(20)]
  const minutes = Array.from({ length: 20 }, () => 0)
  let above: boolean | undefined
  for (const event of events) {
    const bar = builder.trade({ ...event, receiveTimeUs: event.venueTimeUs })
    if (!bar) continue
    fast.update(bar.close)
    slow.update(bar.close)
    if (!(slow.value > 0)) continue
    const now = fast.value > slow.value
    if (above !== undefined && now !== above) minutes[Math.floor((bar.openTimeUs - START_US) / 60_000_000)]!++
    above = now
  }
  return minutes
}
