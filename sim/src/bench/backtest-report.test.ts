import { expect, test } from 'vitest'
import { measure, nsText, ratioOf, tableOf, verdictWord } from './backtest-report.ts'
import type { BenchRow } from './backtest-report.ts'
import { atLeast, atMost } from './stats.ts'

const part: BenchRow = {
  goal: 1,
  what: 'part of the bare loop',
  unit: '%',
  median: 0.5,
  best: 0.55,
  target: atLeast(0.6),
  ours: '30 ns',
  beside: '15 ns',
}

test('a row says what was reached, what was wanted, and that it was missed', () => {
  const line = tableOf([part]).split('\n')[1]!
  expect(line.split(/ {2,}/)).toEqual([
    '1',
    'part of the bare loop',
    '50 %',
    '55 %',
    '>= 60 %',
    '30 ns',
    '15 ns',
    'missed',
  ])
})

test('the median is judged, not the best', () => {
  expect(verdictWord({ ...part, best: 0.9 })).toBe('missed')
  expect(verdictWord({ ...part, median: 0.6 })).toBe('met')
  expect(verdictWord({ what: 'tax', unit: 'x', median: 2.5, target: atMost(2.5) })).toBe('met')
})

test('what others published is neither met nor missed', () => {
  expect(verdictWord({ ...part, median: 9, anchor: true })).toBe('published anchor, not run here')
})

test('each is run by turns, and once before that does not count', () => {
  const order: string[] = []
  const [first] = measure([() => order.push('a'), () => order.push('b')], 2, [7])
  expect(order.join('')).toBe('ababab')
  expect(first).toMatchObject({ coldMs: 7, all: { length: 2 } })
})

test('ratios are of medians and of the best; time is said by event', () => {
  const slow = { coldMs: 9, minMs: 4, medianMs: 6, all: [] }
  const fast = { coldMs: Number.NaN, minMs: 1, medianMs: 2, all: [] }
  expect(ratioOf(slow, fast)).toEqual({ median: 3, best: 4 })
  expect([nsText(slow, 1e6), nsText(fast, 1e6)]).toEqual(['6 ns, best 4, cold 9', '2 ns, best 1'])
})
