import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assetsOf } from './assets.ts'
import { add, fromFixed, multiply, negate, toFixed, ZERO } from './fixed.ts'
import { depositEntries, fillEntries, fundingEntries, reverseEntries, transferEntries } from './ledger.ts'
import type { LedgerEntry } from './ledger.ts'
import { applyFillToLots, foldLots, NO_LOTS } from './lots.ts'
import { applyFill, averageCostOf, effectOf, FLAT, foldFills, unrealisedOf } from './position.ts'
import type { BookedFill, PositionState } from './position.ts'

const assets = assetsOf('BTC-USDT')
let trades = 0
const fill = (side: 'buy' | 'sell', quantity: string, price: string, fee = '0', feeAsset = 'USDT'): BookedFill => ({
  tradeId: `t${++trades}`,
  side,
  quantity,
  price,
  fee,
  feeAsset,
  atUs: trades,
})
const fold = (...fills: BookedFill[]): PositionState => fills.reduce((p, f) => applyFill(p, f, assets), FLAT)
const shown = (p: PositionState) => ({
  quantity: fromFixed(p.quantity),
  average: averageCostOf(p),
  realised: fromFixed(p.realised),
  fees: fromFixed(p.fees),
})

describe('position by average cost', () => {
  test.each([
    ['opens', [fill('buy', '2', '100')], '2', '100', '0', '0'],
    ['adds at the average', [fill('buy', '2', '100'), fill('buy', '2', '110')], '4', '105', '0', '0'],
    ['closes a part', [fill('buy', '4', '105'), fill('sell', '1', '115')], '3', '105', '10', '0'],
    ['closes all', [fill('buy', '2', '100', '0.2'), fill('sell', '2', '90', '0.18')], '0', '0', '-20.38', '0.38'],
    ['turns short', [fill('buy', '1', '100'), fill('sell', '3', '110')], '-2', '110', '10', '0'],
    ['covers a short', [fill('sell', '2', '110'), fill('buy', '1', '100')], '-1', '110', '10', '0'],
    ['turns long', [fill('sell', '1', '100'), fill('buy', '2', '90')], '1', '90', '10', '0'],
    ['fee in base reduces the holding', [fill('buy', '1', '100', '0.001', 'BTC')], '0.999', '100', '-0.1', '0.1'],
    [
      'a holding net of its fee closes flat',
      [fill('buy', '10', '1', '0.015', 'BTC'), fill('sell', '9.985', '1')],
      '0',
      '0',
      '-0.015',
      '0.015',
    ],
    ['a rebate is a gain', [fill('buy', '1', '100', '-0.05')], '1', '100', '0.05', '-0.05'],
    [
      'a third asset counts with its value',
      [{ ...fill('buy', '1', '9', '0.01', 'BNB'), feeValue: '6' }],
      '1',
      '9',
      '-6',
      '6',
    ],
  ])('%s', (_name, fills, quantity, average, realised, fees) => {
    expect(shown(fold(...fills))).toEqual({ quantity, average, realised, fees })
  })

  test('a third of a holding is closed without losing a unit', () => {
    const third = fold(fill('buy', '3', '0.000000000000000001'), fill('sell', '1', '1'), fill('sell', '1', '1'))
    expect(shown(applyFill(third, fill('sell', '1', '1'), assets))).toMatchObject({
      quantity: '0',
      realised: '2.999999999999999997',
    })
  })

  test('unrealised is worth at the mark less cost, long and short', () => {
    expect(fromFixed(unrealisedOf(fold(fill('buy', '2', '100')), '110.5'))).toBe('21')
    expect(fromFixed(unrealisedOf(fold(fill('sell', '2', '100')), '110.5'))).toBe('-21')
  })

  test('a perpetual is an asset of its own', () => {
    expect(assetsOf('BTC-USDT-PERP')).toEqual({ base: 'BTC-USDT-PERP', quote: 'USDT' })
  })
})

const amounts = (max: number, places: number) =>
  fc.integer({ min: 1, max }).map((n) => {
    const text = String(n).padStart(places + 1, '0')
    return `${text.slice(0, -places)}.${text.slice(-places)}`
  })
const anyFill = fc
  .record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: amounts(10_000_000, 8),
    price: amounts(9_000_000, 2),
    fee: fc.tuple(fc.boolean(), amounts(1000, 8)).map(([negative, text]) => (negative ? `-${text}` : text)),
    feeAsset: fc.constantFrom('USDT', 'BTC', 'BNB'),
    atUs: fc.integer({ min: 1, max: 20 }),
  })
  .map((one) => ({ ...one, tradeId: '' }))
const anyFills = fc
  .array(anyFill, { minLength: 1, maxLength: 40 })
  .map((fills) => fills.map((one, index) => ({ ...one, tradeId: `t${index}` })))
/** The same fills and one that closes what they left. */
const flattened = (fills: BookedFill[]): BookedFill[] => {
  const { quantity } = foldFills(fills, assets)
  if (quantity === 0n) return fills
  const text = fromFixed(quantity).replace('-', '')
  return [
    ...fills,
    {
      tradeId: 'last',
      side: quantity > 0n ? 'sell' : 'buy',
      quantity: text,
      price: '31.7',
      fee: '0',
      feeAsset: 'USDT',
      atUs: 99,
    },
  ]
}
const sums = (entries: readonly LedgerEntry[]) => {
  const totals = new Map<string, bigint>()
  for (const { asset, amount } of entries) totals.set(asset, (totals.get(asset) ?? 0n) + toFixed(amount))
  return [...totals.values()]
}

describe('for any fills', () => {
  test('the entries of each fill sum to zero per asset', () => {
    fc.assert(
      fc.property(anyFill, (one) => {
        const entries = fillEntries('s', 'BTC-USDT', one)
        expect(sums(entries).every((sum) => sum === 0n)).toBe(true)
        expect(sums([...entries, ...reverseEntries(entries)]).every((sum) => sum === 0n)).toBe(true)
      }),
    )
  })

  test('the position is the inventory of the ledger', () => {
    fc.assert(
      fc.property(anyFills, (fills) => {
        const held = fills
          .flatMap((one) => fillEntries('s', 'BTC-USDT', one))
          .filter(({ kind, asset }) => kind === 'inventory' && asset === 'BTC')
          .reduce((sum, { amount }) => add(sum, toFixed(amount)), ZERO)
        expect(foldFills(fills, assets).quantity).toBe(held)
      }),
    )
  })

  test('FIFO and average cost agree on the total once flat, and so does the cash', () => {
    fc.assert(
      fc.property(anyFills, (some) => {
        const fills = flattened(some)
        const position = foldFills(fills, assets)
        const book = foldLots(fills, assets)
        expect(position).toMatchObject({ quantity: 0n, cost: 0n })
        expect(book.lots).toEqual([])
        expect(book.realised).toBe(position.realised)
        const cash = fills.reduce((sum, one) => {
          const { delta, price, fee } = effectOf(one, assets)
          return add(sum, negate(add(multiply(delta, price), fee)))
        }, ZERO)
        expect(position.realised).toBe(cash)
      }),
    )
  })

  test('lots sum to the position at every step', () => {
    fc.assert(
      fc.property(anyFills, (fills) => {
        let position = FLAT
        let book = NO_LOTS
        for (const one of fills) {
          position = applyFill(position, one, assets)
          book = applyFillToLots(book, one, assets)
          expect(book.lots.reduce((sum, lot) => add(sum, lot.quantity), ZERO)).toBe(position.quantity)
        }
      }),
    )
  })

  test('order of arrival and repeats change nothing', () => {
    const shuffled = anyFills.chain((fills) =>
      fc.shuffledSubarray([...fills, ...fills], { minLength: fills.length * 2 }).map((again) => ({ fills, again })),
    )
    fc.assert(
      fc.property(shuffled, ({ fills, again }) => {
        expect(foldFills(again, assets)).toEqual(foldFills(fills, assets))
        expect(foldLots(again, assets)).toEqual(foldLots(fills, assets))
      }),
    )
  })
})

test('deposits, transfers and funding balance, and nothing is booked for nothing', () => {
  expect(depositEntries('USDT', '100000')).toEqual([
    { strategy: '', kind: 'cash', asset: 'USDT', amount: '100000' },
    { strategy: '', kind: 'external', asset: 'USDT', amount: '-100000' },
  ])
  expect(sums(transferEntries('', 'a', 'USDT', '5.5'))).toEqual([0n])
  expect(sums(fundingEntries('a', 'USDT', '-0.25'))).toEqual([0n])
  expect(fillEntries('a', 'BTC-USDT', fill('buy', '1', '2'))).toHaveLength(4)
})
