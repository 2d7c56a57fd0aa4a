import { expect, test } from 'vitest'
import type { EquityPoint, PnlView, PositionView } from '@contrail/contracts'
import { accountOf } from './account.ts'

const position = (change: object) =>
  ({ instrument: 'BTC-USDT', realised: '10.5', unrealised: '-2.25', fees: '1', ...change }) as unknown as PositionView
const pnl = [
  { group: 'paper', currency: 'EUR', capital: '7' },
  { group: 'paper', currency: 'USDT', capital: '100000' },
] as unknown as PnlView[]
const point = { currency: 'USDT', equity: '99000' } as unknown as EquityPoint

test('equity is capital, realised and open profit of one instant and one currency', () => {
  const positions = { a: position({}), b: position({ unrealised: '0.000000000000000001' }), c: position({ instrument: 'BTC-EUR', realised: '1' }) } // prettier-ignore
  expect(accountOf({ positions, pnl }, point)).toEqual({
    open: '-2.249999999999999999',
    realised: '21',
    fees: '2',
    equity: '100018.750000000000000001',
  })
})

test('without a price of each position, or without the capital, nobody says what the account is worth', () => {
  const positions = { a: position({ unrealised: null }), b: position({}) }
  expect(accountOf({ positions, pnl }, point)).toMatchObject({ open: undefined, realised: '21', equity: undefined })
  expect(accountOf({ positions: { b: position({}) }, pnl: [] }, point).equity).toBeUndefined()
  expect(accountOf({ positions: undefined, pnl }, point).open).toBeUndefined()
})
