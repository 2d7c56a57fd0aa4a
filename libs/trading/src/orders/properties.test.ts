import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDecimal, compareDecimal } from '@contrail/contracts'
import type { Fill } from '@contrail/contracts'
import { moveOrder } from './machine.ts'
import { newOrder } from './order.ts'
import type { Order, OrderEvent } from './order.ts'
import { cumQuantity, leavesQuantity, statusOf } from './status.ts'

const RUNS = 3000
const QUANTITY = '8'
const REASON = { code: 'X', text: 'x' }

const fillOf = (trade: number): Fill => ({
  tradeId: `t${trade}`,
  quantity: String((trade % 3) + 1),
  price: String(100 + trade),
  fee: '0',
  feeAsset: 'USDT',
  liquidity: 'maker',
  venueTimeUs: trade as Fill['venueTimeUs'],
})
const trade = fc.integer({ min: 1, max: 5 })
const venueEvent: fc.Arbitrary<OrderEvent> = fc.oneof(
  { weight: 4, arbitrary: trade.map((n): OrderEvent => ({ type: 'filled', fill: fillOf(n) })) },
  fc.constant<OrderEvent>({ type: 'accepted', venueOrderId: 'v' }),
  fc.constant<OrderEvent>({ type: 'cancelled' }),
  fc.constant<OrderEvent>({ type: 'expired' }),
  fc.constant<OrderEvent>({ type: 'rejected', reason: REASON }),
  trade.map((n): OrderEvent => ({ type: 'busted', tradeId: `t${n}` })),
)
const attempt = fc.integer({ min: 1, max: 4 })
const anyEvent: fc.Arbitrary<OrderEvent> = fc.oneof(
  venueEvent,
  attempt.map((n): OrderEvent => ({ type: 'attempted', attempt: n })),
  attempt.map((n): OrderEvent => ({ type: 'sent', attempt: n })),
  attempt.map((n): OrderEvent => ({ type: 'unknown', attempt: n })),
  attempt.map((n): OrderEvent => ({ type: 'not_placed', attempt: n })),
  attempt.map((n): OrderEvent => ({ type: 'cancel_requested', attempt: n })),
  attempt.map((n): OrderEvent => ({ type: 'cancel_refused', attempt: n, reason: REASON })),
  attempt.map((n): OrderEvent => ({ type: 'replace_requested', attempt: n, terms: { quantity: String(4 + n) } })),
  attempt.map((n): OrderEvent => ({ type: 'replaced', attempt: n, terms: { quantity: String(4 + n) } })),
)

const start = () => newOrder('buy', 'BTC-USDT', { quantity: QUANTITY })
const written = (): Order => moveOrder(start(), { type: 'attempted', attempt: 1 }).order
const fold = (order: Order, events: readonly OrderEvent[]) =>
  events.reduce((state, event) => moveOrder(state, event).order, order)
const seen = (order: Order) => [
  statusOf(order),
  cumQuantity(order),
  leavesQuantity(order),
  order.endings,
  order.busted,
  Object.keys(order.fills).sort(),
]

test('any shuffle with any repeats of what a venue said ends in one state', () => {
  fc.assert(
    fc.property(
      fc
        .array(venueEvent, { maxLength: 12 })
        .chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: 2 * events.length, maxLength: 2 * events.length }),
          ),
        ),
      ([events, shuffled]) => {
        expect(seen(fold(written(), shuffled))).toEqual(seen(fold(written(), events)))
      },
    ),
    { numRuns: RUNS },
  )
})

test('whatever comes: fills count once, endings stay, nothing is sent while a doubt is open', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 25 }), (events) => {
      let order = start()
      const counted = new Map<string, string>()
      for (const event of events) {
        const before = order
        const moved = moveOrder(order, event)
        order = moved.order
        if (moved.effect !== 'moved') {
          expect(order).toBe(before)
          continue
        }
        if (event.type === 'filled') counted.set(event.fill.tradeId, event.fill.quantity)
        if (event.type === 'attempted') expect(['intent', 'not_placed']).toContain(before.stage)
        for (const ending of before.endings) expect(order.endings).toContain(ending)
        expect(order.attempt).toBeGreaterThanOrEqual(before.attempt)
      }
      const expected = [...counted]
        .filter(([tradeId]) => !order.busted.includes(tradeId))
        .reduce((sum, [, quantity]) => addDecimal(sum, quantity), '0')
      expect(cumQuantity(order)).toBe(expected)
      expect(compareDecimal(leavesQuantity(order), '0')).toBeGreaterThanOrEqual(0)
    }),
    { numRuns: RUNS },
  )
})

test('a state survives JSON', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 15 }), anyEvent, (events, next) => {
      const order = fold(written(), events)
      const copy = JSON.parse(JSON.stringify(order)) as Order
      expect(JSON.stringify(moveOrder(copy, next).order)).toBe(JSON.stringify(moveOrder(order, next).order))
    }),
    { numRuns: RUNS / 10 },
  )
})
