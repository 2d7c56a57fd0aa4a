import { describe, expect, test } from 'vitest'
import type { Fill } from '@contrail/contracts'
import { moveOrder } from './machine.ts'
import { newOrder } from './order.ts'
import type { Moved, Order, OrderEvent } from './order.ts'
import { averagePrice, cumQuantity, isOverfilled, leavesQuantity, statusOf, termsOf } from './status.ts'

const fill = (tradeId: string, quantity: string, price = '100'): Fill => ({
  tradeId,
  quantity,
  price,
  fee: '0.1',
  feeAsset: 'USDT',
  liquidity: 'taker',
  venueTimeUs: 1 as Fill['venueTimeUs'],
})
const reason = { code: 'X', text: 'x' }
const attempted: OrderEvent = { type: 'attempted', attempt: 1 }
const sent: OrderEvent = { type: 'sent', attempt: 1 }
const accepted: OrderEvent = { type: 'accepted', venueOrderId: 'v1' }
const unknown: OrderEvent = { type: 'unknown', attempt: 1 }
const notPlaced: OrderEvent = { type: 'not_placed', attempt: 1 }
const cancelled: OrderEvent = { type: 'cancelled' }
const expired: OrderEvent = { type: 'expired' }
const rejected: OrderEvent = { type: 'rejected', reason }
const cancel = (attempt: number): OrderEvent => ({ type: 'cancel_requested', attempt })
const cancelRefused = (attempt: number): OrderEvent => ({ type: 'cancel_refused', attempt, reason })
const replace = (attempt: number, quantity: string): OrderEvent => ({
  type: 'replace_requested',
  attempt,
  terms: { quantity },
})
const replaced = (attempt: number, quantity: string): OrderEvent => ({ type: 'replaced', attempt, terms: { quantity } })
const replaceRefused = (attempt: number): OrderEvent => ({ type: 'replace_refused', attempt, reason })
const filled = (tradeId: string, quantity: string, price?: string): OrderEvent => ({
  type: 'filled',
  fill: fill(tradeId, quantity, price),
})

function run(...events: OrderEvent[]): Moved {
  let last: Moved = { effect: 'repeat', order: newOrder('buy', 'BTC-USDT', { quantity: '2' }) }
  for (const event of events) last = moveOrder(last.order, event)
  return last
}
const open = [attempted, sent, accepted]

describe('each row of the table: the events, the status then, cumulated and left', () => {
  const rows: [string, OrderEvent[], string, string, string][] = [
    ['risk denies', [{ type: 'denied', reason }], 'denied', '0', '0'],
    ['written down', [attempted], 'pending_new', '0', '2'],
    ['a crash after the attempt was written', [attempted, unknown], 'unknown', '0', '2'],
    ['acknowledged', open, 'new', '0', '2'],
    ['a fill before the acknowledgement implies it', [attempted, sent, filled('a', '1')], 'partially_filled', '1', '1'],
    ['a full fill before the acknowledgement', [attempted, sent, filled('a', '2')], 'filled', '2', '0'],
    ['definitely rejected', [attempted, sent, rejected], 'rejected', '0', '0'],
    ['no answer', [attempted, sent, unknown], 'unknown', '0', '2'],
    ['unknown, then found', [attempted, unknown, accepted], 'new', '0', '2'],
    ['unknown, then a fill shows it', [attempted, unknown, filled('a', '2')], 'filled', '2', '0'],
    ['unknown, then proved absent', [attempted, unknown, notPlaced], 'not_placed', '0', '0'],
    [
      'absent, then tried again',
      [attempted, unknown, notPlaced, { type: 'attempted', attempt: 2 }],
      'pending_new',
      '0',
      '2',
    ],
    ['absent, yet it lives', [attempted, unknown, notPlaced, accepted], 'new', '0', '2'],
    ['a partial fill', [...open, filled('a', '0.5')], 'partially_filled', '0.5', '1.5'],
    ['filled', [...open, filled('a', '0.5'), filled('b', '1.5')], 'filled', '2', '0'],
    [
      'the same fill twice counts once',
      [...open, filled('a', '0.5'), filled('a', '0.5')],
      'partially_filled',
      '0.5',
      '1.5',
    ],
    [
      'the same trade with other fields is set aside',
      [...open, filled('a', '1'), filled('a', '2')],
      'partially_filled',
      '1',
      '1',
    ],
    ['a fill after a cancel still counts', [...open, cancelled, filled('a', '1')], 'cancelled', '1', '0'],
    ['a full fill after a cancel', [...open, cancelled, filled('a', '2')], 'filled', '2', '0'],
    ['a fill after an expiry still counts', [...open, expired, filled('a', '1')], 'expired', '1', '0'],
    ['a fill after a reject still counts', [attempted, sent, rejected, filled('a', '1')], 'rejected', '1', '0'],
    ['an overfill is booked', [...open, filled('a', '2'), filled('b', '1')], 'filled', '3', '0'],
    ['a bust is taken back', [...open, filled('a', '2'), { type: 'busted', tradeId: 'a' }], 'new', '0', '2'],
    [
      'a correction',
      [...open, filled('a', '2'), { type: 'corrected', tradeId: 'a', fill: fill('b', '1') }],
      'partially_filled',
      '1',
      '1',
    ],
    ['a cancel is asked for', [...open, cancel(2)], 'pending_cancel', '0', '2'],
    ['a fill while a cancel is pending', [...open, cancel(2), filled('a', '1')], 'pending_cancel', '1', '1'],
    ['cancelled', [...open, cancel(2), filled('a', '1'), cancelled], 'cancelled', '1', '0'],
    ['too late to cancel', [...open, cancel(2), filled('a', '2'), cancelRefused(2)], 'filled', '2', '0'],
    ['a refused cancel leaves what was', [...open, cancel(2), cancelRefused(2)], 'new', '0', '2'],
    ['a replace is asked for: the larger quantity counts', [...open, replace(2, '5')], 'pending_replace', '0', '5'],
    ['replaced', [...open, filled('a', '1'), replace(2, '5'), replaced(2, '5')], 'partially_filled', '1', '4'],
    ['replaced to what is filled', [...open, filled('a', '1'), replace(2, '1'), replaced(2, '1')], 'filled', '1', '0'],
    ['a refused replace leaves what was', [...open, replace(2, '5'), replaceRefused(2)], 'new', '0', '2'],
    ['a cancel while a replace hangs', [...open, replace(2, '5'), cancel(3)], 'pending_cancel', '0', '5'],
    ['the rest of an IOC expires', [...open, filled('a', '1'), expired], 'expired', '1', '0'],
    ['a late acknowledgement changes no ending', [attempted, sent, cancelled, accepted], 'cancelled', '0', '0'],
  ]
  test.each(rows)('%s', (_name, events, status, cumulated, leaves) => {
    const { order } = run(...events)
    expect([statusOf(order), cumQuantity(order), leavesQuantity(order)]).toEqual([status, cumulated, leaves])
  })
})

describe('a pair that is not in the table keeps the state and sets the event aside', () => {
  const rows: [string, OrderEvent[]][] = [
    ['a fill of an order that was never written', [filled('a', '1')]],
    ['a fill of a denied order', [{ type: 'denied', reason }, filled('a', '1')]],
    ['an attempt while one is in flight', [attempted, { type: 'attempted', attempt: 2 }]],
    ['an attempt again after an acknowledgement', [...open, { type: 'attempted', attempt: 2 }]],
    ['an attempt again where absence is not proved', [attempted, unknown, { type: 'attempted', attempt: 2 }]],
    [
      'an attempt after proof that came before a fill',
      [attempted, unknown, notPlaced, filled('a', '1'), { type: 'attempted', attempt: 2 }],
    ],
    ['proof of absence of what was acknowledged', [...open, notPlaced]],
    ['proof of absence without a doubt', [attempted, sent, notPlaced]],
    ['denied after it was written', [attempted, { type: 'denied', reason }]],
    ['cancel before an acknowledgement', [attempted, sent, cancel(2)]],
    ['cancel twice', [...open, cancel(2), cancel(3)]],
    ['cancel what is over', [...open, cancelled, cancel(2)]],
    ['replace what is being cancelled', [...open, cancel(2), replace(3, '1')]],
    ['an answer to a cancel that was not asked', [...open, cancelRefused(2)]],
    ['replaced without a request', [...open, replaced(2, '1')]],
    ['another venue order under this id', [...open, { type: 'accepted', venueOrderId: 'v2' }]],
    [
      'found with another side',
      [attempted, unknown, { type: 'accepted', facts: { side: 'sell', instrument: 'BTC-USDT', quantity: '2' } }],
    ],
    ['the same trade with another price', [...open, filled('a', '1', '100'), filled('a', '1', '101')]],
  ]
  test.each(rows)('%s', (_name, events) => {
    const before = run(...events.slice(0, -1)).order
    const after = moveOrder(before, events.at(-1) as OrderEvent)
    expect(after.effect).toBe('quarantined')
    expect(after.order).toBe(before)
  })
})

test('alarms: fill after an ending, overfill, revival', () => {
  const alarms = (moved: Moved) => (moved.effect === 'moved' ? moved.alarms : moved.effect)
  expect(alarms(run(...open, cancelled, filled('a', '1')))).toEqual(['fill_after_end'])
  expect(alarms(run(...open, filled('a', '3')))).toEqual(['overfilled'])
  expect(alarms(run(attempted, unknown, notPlaced, filled('a', '1')))).toEqual(['revived'])
  expect(isOverfilled(run(...open, filled('a', '3')).order)).toBe(true)
})

test('average price is exact where it can be, to 12 places else', () => {
  expect(averagePrice(run(...open, filled('a', '1', '100'), filled('b', '1', '101')).order)).toBe('100.5')
  expect(averagePrice(run(...open, filled('a', '0.1', '1'), filled('b', '0.2', '2')).order)).toBe('1.666666666667')
})

describe('confluence: what the venue says may come in any order', () => {
  const settled: [string, OrderEvent[], OrderEvent[]][] = [
    [
      'fills and a cancel',
      [attempted, sent],
      [accepted, filled('a', '0.5'), filled('b', '0.5'), filled('c', '0.25'), cancelled, filled('a', '0.5')],
    ],
    [
      'complete',
      [attempted, sent],
      [accepted, filled('a', '0.5'), filled('b', '0.5'), filled('c', '1'), filled('b', '0.5'), accepted],
    ],
    ['an IOC rest', [attempted, unknown], [accepted, filled('a', '0.5'), filled('b', '1'), expired, expired]],
    [
      'bust and correction',
      [attempted, sent],
      [
        accepted,
        filled('a', '1'),
        { type: 'busted', tradeId: 'a' },
        filled('b', '1'),
        { type: 'corrected', tradeId: 'b', fill: fill('c', '0.5') },
        cancelled,
      ],
    ],
    ['a reject that a fill contradicts', [attempted, sent], [rejected, filled('a', '1'), accepted]],
    [
      'a cancel too late',
      [...open, cancel(2)],
      [filled('a', '1'), filled('b', '1'), cancelRefused(2), filled('a', '1'), accepted],
    ],
    [
      'a replace in a race',
      [...open, replace(2, '3'), cancel(3)],
      [replaced(2, '3'), filled('a', '1'), filled('b', '1.5'), cancelled, filled('c', '0.5'), cancelRefused(3)],
    ],
    [
      'revived',
      [attempted, unknown, notPlaced],
      [filled('a', '0.5'), accepted, filled('b', '0.5'), cancelled, filled('c', '0.5')],
    ],
    ['overfilled', [...open], [filled('a', '1'), filled('b', '1'), filled('c', '1'), expired, cancelled]],
  ]
  test.each(settled)('%s', (_name, first, events) => {
    const results = new Map<string, number>()
    let permutations = 0
    for (const order of permute(events)) {
      const result = canonical(run(...first, ...order).order)
      results.set(result, (results.get(result) ?? 0) + 1)
      permutations++
    }
    expect(permutations).toBe(factorial(events.length))
    expect([...results.keys()]).toHaveLength(1)
  })
})

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

function* permute<T>(items: T[]): Generator<T[]> {
  if (items.length < 2) return yield items
  for (let i = 0; i < items.length; i++)
    for (const rest of permute([...items.slice(0, i), ...items.slice(i + 1)])) yield [items[i] as T, ...rest]
}

/** State and everything derived from it; keys sorted, because a set has no order. */
function canonical(order: Order): string {
  const sorted = (record: object) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  const { fills, cancels, replaces, reason: _reason, ...rest } = order
  const derived = [statusOf(order), cumQuantity(order), leavesQuantity(order), termsOf(order), averagePrice(order)]
  return JSON.stringify([
    rest.endings,
    rest.busted,
    rest.accepted,
    rest.stage,
    sorted(fills),
    sorted(cancels),
    sorted(replaces),
    derived,
  ])
}
