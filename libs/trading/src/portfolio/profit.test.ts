import { describe, expect, test } from 'vitest'
import { profitOf } from './profit.ts'

const long = { side: 'long' } as const
const step = (side: 'buy' | 'sell', quantity: string, price: string, feeRate = '0') => ({
  side,
  quantity,
  price,
  feeRate,
})

describe('profit at average cost', () => {
  test('an exit takes its share of the entry fees', () => {
    const [, , exit] = profitOf(
      [step('buy', '100', '10', '0.0025'), step('buy', '100', '15', '0.0025'), step('sell', '50', '12', '0.0025')],
      long,
    )
    expect(exit).toMatchObject({ quantity: '150', averagePrice: '12.5', stake: '1875', exit: '-28.0625' })
    expect(exit?.closed).toBe(false)
  })

  test('a short earns when it buys back lower, and funding received adds to it', () => {
    const steps = [step('sell', '30', '2', '0.0025'), step('buy', '30', '1.9', '0.0025')]
    const [, closed] = profitOf(steps, { side: 'short', leverage: 3, funding: '1' })
    expect(closed?.realised).toBe('3.7075')
    expect(closed?.ratio).toBeCloseTo((3.7075 / 59.85) * 3, 15)
    expect(closed?.closed).toBe(true)
  })

  test('dust below a lot closes with the exit', () => {
    const steps = [step('buy', '1.00000001', '10'), step('sell', '1', '11')]
    expect(profitOf(steps, long)[1]).toMatchObject({ closed: false, quantity: '0.00000001' })
    expect(profitOf(steps, { ...long, lotSize: '0.001' })[1]).toMatchObject({ closed: true, quantity: '0' })
  })

  test('many parts of a third sum to the whole, to the last unit', () => {
    const thirds = ['0.333333333333333333', '0.333333333333333333', '0.333333333333333334']
    const parts = thirds.map((quantity) => step('sell', quantity, '7', '0.001'))
    const whole = profitOf([step('buy', '1', '3', '0.001'), step('sell', '1', '7', '0.001')], long).at(-1)
    const split = profitOf([step('buy', '1', '3', '0.001'), ...parts], long).at(-1)
    expect(split?.closed).toBe(true)
    expect(Number(split?.realised)).toBeCloseTo(Number(whole?.realised), 15)
  })
})
