import { expect, test } from 'vitest'
import { judged, lineOf, tableOf } from './report.ts'
import { atLeast, atMost } from './stats.ts'

const latency = judged({
  figure: 'a',
  what: 'tick to signal p50',
  value: 1.3,
  unit: 'x',
  target: atMost(1.25),
  ours: 1300,
  bare: 1000,
  absoluteUnit: 'us',
})

test('a missed target is said to be missed, beside the absolute numbers', () => {
  expect(lineOf(latency)).toBe('a  tick to signal p50  1.30x  <= 1.25x  1300 us  1000 us  not met')
})

test('parts of bare are shown in per cent', () => {
  const row = judged({ figure: 'b', what: 'rate', value: 0.8, unit: '%', target: atLeast(0.8), note: 'why' })
  expect(lineOf(row)).toBe('b  rate  80 %  >= 80 %  met\n    why')
})

test('columns of the table begin at one place', () => {
  const [head, line] = tableOf([latency]).split('\n') as [string, string]
  expect(line.indexOf('1.30x')).toBe(head.indexOf('result'))
  expect(line.indexOf('1000 us')).toBe(head.indexOf('bare'))
})
