import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeJson, decodeQuote, decodeTick, encodeJson, encodeQuote, encodeTick } from './codec.ts'
import { haltSchema } from './messages/platform.ts'
import type { Tick } from './messages/market.ts'
import { us } from './time.ts'

const tick: Tick = {
  tradeId: '3715934',
  side: 'sell',
  price: 61737.63,
  quantity: 0.00006,
  venueTimeUs: us(1723161255208000),
  receiveTimeUs: us(1723161253937085),
}

test('a tick and a quote read back to the last digit', () => {
  expect(decodeTick(encodeTick(tick))).toEqual(tick)
  const quote = { bid: 1.1, bidQuantity: 0, ask: 1.2, askQuantity: 3, venueTimeUs: us(1), receiveTimeUs: us(2) }
  expect(decodeQuote(encodeQuote(quote))).toEqual(quote)
})

test('a decimal price of up to 15 digits survives the double', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), fc.integer({ min: 0, max: 8 }), (units, scale) => {
      const price = Number(`${units}e-${scale}`)
      expect(decodeTick(encodeTick({ ...tick, price })).price).toBe(price)
    }),
  )
})

test.each([
  ['zero price', { price: 0 }],
  ['negative price', { price: -1 }],
  ['NaN price', { price: Number.NaN }],
  ['infinite price', { price: Number.POSITIVE_INFINITY }],
  ['zero quantity', { quantity: 0 }],
])('a tick with a %s never leaves the decoder', (_, change) => {
  expect(() => decodeTick(encodeTick({ ...tick, ...change }))).toThrow()
})

test.each([new Uint8Array(0), new Uint8Array(39), encodeJson({ a: 1 }), encodeTick(tick).subarray(0, 39)])(
  'a frame of another kind or cut short is refused',
  (bytes) => expect(() => decodeTick(bytes)).toThrow(/bad_frame/),
)

test('JSON that does not fit names the field, the value and the mend', () => {
  const halt = { schema: 1, state: 'stopped', reason: 'x', by: 'me', atUs: 1 }
  expect(() => decodeJson(haltSchema, encodeJson(halt), 'halt')).toThrow(/halt.state: "stopped" refused/)
  expect(() => decodeJson(haltSchema, new TextEncoder().encode('{'), 'halt')).toThrow(/bad_json/)
  expect(() => decodeJson(haltSchema, encodeJson({ ...halt, state: 'halted', extra: 1 }), 'halt')).toThrow(/refused/)
})
