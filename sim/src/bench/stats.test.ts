import { expect, test } from 'vitest'
import { atLeast, atMost, median, percentile, ratePerSecond, ratioOf, verdictOf } from './stats.ts'

test('a percentile is one of the values, by nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(values, 0.5)).toBe(50)
  expect(percentile(values, 0.99)).toBe(99)
  expect(percentile(values, 1)).toBe(100)
  expect(percentile([7], 0.01)).toBe(7)
})

test('a percentile of nothing, or beyond all values, is refused', () => {
  expect(() => percentile([], 0.5)).toThrow(/nothing/)
  expect(() => percentile([1], 0)).toThrow(/part of one/)
  expect(() => percentile([1], 1.1)).toThrow(/part of one/)
})

test('a median does not change its input and is not moved by one wild round', () => {
  const values = [3, 1, 2]
  expect(median(values)).toBe(2)
  expect(values).toEqual([3, 1, 2])
  expect(median([1, 2, 3, 1000])).toBe(2.5)
})

test('a ratio is that of the medians', () => {
  expect(ratioOf([10, 12, 99], [8, 8, 8])).toBe(1.5)
})

test('a target is met at its very value and missed beyond it', () => {
  expect(verdictOf(1.25, atMost(1.25))).toBe('met')
  expect(verdictOf(1.26, atMost(1.25))).toBe('MISSED')
  expect(verdictOf(0.8, atLeast(0.8))).toBe('met')
  expect(verdictOf(0.79, atLeast(0.8))).toBe('MISSED')
  expect(verdictOf(5, undefined)).toBe('no target')
})

test('a rate counts the steps between the first and the last', () => {
  expect(ratePerSecond(11, 0, 1_000_000)).toBe(10)
  expect(() => ratePerSecond(1, 0, 5)).toThrow(/no rate/)
  expect(() => ratePerSecond(5, 9, 9)).toThrow(/no rate/)
})
