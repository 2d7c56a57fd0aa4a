import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fromUnit, spaceOf, toUnit, valueAt } from './space.ts'
import type { Dimension } from './space.ts'

const schema = z
  .strictObject({
    instrument: z.string().default('BTC-USDT'),
    fast: z.number().int().min(2).max(50).default(10),
    slow: z.number().int().min(10).max(200).default(30),
    width: z.number().gt(0).max(4).default(2),
    quantity: z.number().positive().default(1),
    mode: z.enum(['trend', 'revert']).default('trend'),
    short: z.boolean().default(false),
  })
  .refine(({ fast, slow }) => fast < slow)

describe('the space of a strategy', () => {
  it('is what its schema bounds; the rest stays at its default', () => {
    const { dimensions, unbounded } = spaceOf(schema)
    expect(dimensions.map(({ name }) => name)).toEqual(['fast', 'slow', 'width', 'mode', 'short'])
    expect(dimensions[0]).toEqual({ kind: 'number', name: 'fast', low: 2, high: 50, step: 1, log: false })
    expect(dimensions[2]).toMatchObject({ high: 4, step: undefined })
    expect((dimensions[2] as { low: number }).low).toBeGreaterThan(0)
    expect(unbounded).toEqual(['quantity'])
  })

  it('is only what is named, when something is named', () => {
    const space = ['fast=5..25:5', 'width', 'quantity=0.01..10:log', 'instrument=BTC-USDT|ETH-USDT']
    expect(spaceOf(schema, { space, set: { slow: 60 } })).toMatchObject({
      dimensions: [
        { name: 'instrument', choices: ['BTC-USDT', 'ETH-USDT'] },
        { name: 'fast', low: 5, high: 25, step: 5 },
        { name: 'width' },
        { name: 'quantity', low: 0.01, high: 10, log: true },
      ],
      fixed: { slow: 60 },
    })
  })

  it.each([
    ['a number without ends', { space: ['quantity'] }, /quantity.*--space quantity=2\.\.50/],
    ['an unknown name', { space: ['fats=1..2'] }, /fats.*fast/],
    ['ends the wrong way round', { space: ['fast=9..2'] }, /lower end first/],
    ['a logarithm of nothing', { space: ['width=0..2:log'] }, /begins above 0/],
    ['words for a number', { space: ['fast=a|b'] }, /fast/],
    ['both searched and set', { space: ['fast=1..5'], set: { fast: 3 } }, /--set fast/],
  ])('%s is refused', (_what, options, message) => {
    expect(() => spaceOf(schema, options)).toThrow(message)
  })

  it('a number without range and default is refused with its mend', () => {
    const bare = z.object({ fast: z.number().int() })
    expect(() => spaceOf(bare)).toThrow(/fast.*--space fast=2\.\.50/)
    expect(spaceOf(bare, { space: ['fast=2..9'] }).dimensions).toHaveLength(1)
    expect(() => spaceOf(bare, { set: { fast: 3 } })).toThrow(/nothing_to_search/)
  })

  it('every value has its own place in [0, 1] and comes back from it', () => {
    const steps = fc.record({ low: fc.integer({ min: -50, max: 50 }), count: fc.integer({ min: 1, max: 60 }) })
    fc.assert(
      fc.property(steps, fc.constantFrom(1, 0.1, 0.25, 5), ({ low, count }, step) => {
        const dimension: Dimension = {
          kind: 'number',
          name: 'x',
          low,
          high: low + (count - 1) * step,
          step,
          log: false,
        }
        for (let i = 0; i < count; i++) {
          const value = valueAt(dimension, i)
          expect(fromUnit(dimension, toUnit(dimension, value))).toBe(value)
        }
      }),
    )
  })

  it('a logarithmic range is even in orders of magnitude', () => {
    const dimension: Dimension = { kind: 'number', name: 'x', low: 0.01, high: 100, step: undefined, log: true }
    expect(fromUnit(dimension, 0.5)).toBeCloseTo(1, 12)
    expect(toUnit(dimension, 10)).toBeCloseTo(0.75, 12)
  })
})
