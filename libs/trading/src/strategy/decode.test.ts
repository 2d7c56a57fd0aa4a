import { encodeQuote, encodeTick, instrumentSchema, us } from '@contrail/contracts'
import { expect, test } from 'vitest'
import { decodeMarket } from './decode.ts'
import type { MarketRoute } from './mailbox.ts'
import { restoreState, snapshotState } from './state.ts'

const routeOf = (kind: MarketRoute['kind'], instrument: string): MarketRoute => {
  const details = instrumentSchema.parse({
    venue: 'sim',
    instrument,
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.001',
    minQuantity: '0',
    minNotional: '0',
    makerFeeBps: 0,
    takerFeeBps: 0,
  })
  return { kind, input: 0, slot: { key: `sim.${instrument}`, venue: 'sim', instrument, details, lastPrice: NaN } }
}
const times = { venueTimeUs: us(1), receiveTimeUs: us(2) }
const tick = (price: number) => encodeTick({ tradeId: 't', side: 'buy', price, quantity: 1, ...times })

test('one message is decoded once for all actors; none of them can change it, nor see what another adds to it', () => {
  const data = tick(5)
  const first = decodeMarket(routeOf('tick', 'BTC-USDT'), data)
  expect(() => ((first.value as { price: number }).price = 6)).toThrow(TypeError)
  Object.assign(first.value, { mine: 1 })
  data.set(tick(7))
  const second = decodeMarket(routeOf('tick', 'BTC-USDT'), data)
  expect([second.price, (second.value as { price: number }).price, 'mine' in second.value]).toEqual([5, 5, false])
})

test('another message, another instrument and another kind are decoded anew', () => {
  const data = tick(5)
  const first = decodeMarket(routeOf('tick', 'BTC-USDT'), data)
  expect(decodeMarket(routeOf('tick', 'ETH-USDT'), data).value).toMatchObject({ instrument: 'ETH-USDT', price: 5 })
  expect(decodeMarket(routeOf('tick', 'BTC-USDT'), tick(7)).value).toMatchObject({ price: 7 })
  const quote = encodeQuote({ bid: 1, bidQuantity: 1, ask: 2, askQuantity: 1, ...times })
  expect(decodeMarket(routeOf('quote', 'BTC-USDT'), quote).value).toMatchObject({ bid: 1, ask: 2 })
  expect(() => decodeMarket(routeOf('tick', 'BTC-USDT'), quote)).toThrow(/bad_frame/)
  expect(JSON.stringify(decodeMarket(routeOf('tick', 'BTC-USDT'), data))).toBe(JSON.stringify(first))
})

test('an event that is kept in a state is stored as the message that it is', () => {
  const { value } = decodeMarket(routeOf('tick', 'BTC-USDT'), tick(5))
  const stored = snapshotState({ last: value })
  const plain = { tradeId: 't', side: 'buy', price: 5, quantity: 1, ...times, venue: 'sim', instrument: 'BTC-USDT' }
  expect(stored).toEqual({ last: plain })
  expect(restoreState({ last: undefined }, stored)).toEqual({ last: plain })
})
