import { expect, test } from 'vitest'
import { manualOrderRequest } from '@contrail/contracts'
import { orderKind } from './order-kind.ts'

const none = { price: undefined, stop: undefined, touch: undefined, trail: undefined }

test.each([
  [{}, { orderType: 'market' }],
  [{ price: '1' }, { orderType: 'limit', price: '1' }],
  [{ stop: '2' }, { orderType: 'stop', stopPrice: '2' }],
  [
    { stop: '2', price: '1' },
    { orderType: 'stop_limit', stopPrice: '2', price: '1' },
  ],
  [{ touch: '2' }, { orderType: 'take_profit', stopPrice: '2' }],
  [
    { touch: '2', price: '1' },
    { orderType: 'take_profit_limit', stopPrice: '2', price: '1' },
  ],
  [{ trail: '5' }, { orderType: 'trailing_stop', trailingOffset: '5' }],
  [{ trail: '1.5%' }, { orderType: 'trailing_stop', trailingPercent: '1.5' }],
])('%j is %j, and the contract takes it', (flags, kind) => {
  expect(orderKind({ ...none, ...flags })).toEqual(kind)
  const order = { venue: 'sim', instrument: 'BTC-USDT', side: 'buy', quantity: '1', ...kind }
  expect(manualOrderRequest.parse(order)).toMatchObject(kind)
})

test.each([
  { stop: '1', touch: '2' },
  { trail: '1', stop: '2' },
  { trail: '1', price: '2' },
])('%j is refused', (flags) => {
  expect(() => orderKind({ ...none, ...flags })).toThrow(/give one of --stop, --touch and --trail/)
})
