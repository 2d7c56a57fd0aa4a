import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCandle, decodeClock, decodeConfirm, decodeJson, encodeJson } from './codec.ts'
import { decodeQuote, decodeTick, encodeCandle, encodeQuote, encodeTick } from './frames.ts'
import { confirmSchema } from './messages/confirm.ts'
import { candleSchema, clockSchema } from './messages/market.ts'
import { haltSchema } from './messages/platform.ts'
import type { Candle, Tick } from './messages/market.ts'
import { TIMEFRAMES, us } from './time.ts'

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

test.each(['', '0', '007', '7', '123456789012345', '1234567890123456', '-1', '1e3', ' 1', 'a1', 'x'.repeat(64)])(
  'a trade id %j reads back as it was',
  (tradeId) => expect(decodeTick(encodeTick({ ...tick, tradeId }))).toEqual({ ...tick, tradeId }),
)

test('a trade id longer than 64 characters is refused', () => {
  expect(() => decodeTick(encodeTick({ ...tick, tradeId: 'x'.repeat(65) }))).toThrow(/bad_frame/)
})

const candle: Candle = {
  schema: 1,
  timeframe: '1m',
  openTimeUs: us(1723161240000000),
  closeTimeUs: us(1723161300000000),
  open: 61737.63,
  high: 61740,
  low: -37.63,
  close: 0,
  volume: 0.00006,
  quoteVolume: 3.7,
  trades: 12,
  receiveTimeUs: us(1723161300001234),
}

test('a candle reads back to the last digit from its frame, and from what it was before there were frames', () => {
  for (const timeframe of TIMEFRAMES) {
    const one = { ...candle, timeframe }
    expect(JSON.stringify(decodeCandle(encodeCandle(one)))).toBe(JSON.stringify(one))
    expect(decodeCandle(encodeJson(one))).toEqual(one)
  }
  // Somewhere in what was received, as the client hands it over.
  const wide = new Uint8Array(1 + 88 + 3)
  wide.set(encodeCandle(candle), 1)
  expect(decodeCandle(wide.subarray(1, 89))).toEqual(candle)
})

test.each([
  ['NaN price', { open: NaN }],
  ['infinite price', { high: Infinity }],
  ['negative volume', { volume: -1 }],
  ['half a trade', { trades: 0.5 }],
  ['time that is none', { openTimeUs: us(-1) }],
])('a candle with a %s never leaves the decoder, from whichever form', (_, change) => {
  expect(() => decodeCandle(encodeCandle({ ...candle, ...change }))).toThrow(/candle\./)
  expect(() => decodeCandle(encodeJson({ ...candle, ...change }))).toThrow(/candle\./)
})

test('a frame of a timeframe that nobody knows, cut short, too long or of a later version is refused', () => {
  const bytes = encodeCandle(candle)
  const other = (at: number, value: number) => bytes.map((byte, index) => (index === at ? value : byte))
  expect(() => decodeCandle(other(4, 61))).toThrow(/candle.timeframe/)
  expect(() => decodeCandle(other(1, 2))).toThrow(/bad_frame/)
  expect(() => decodeCandle(bytes.subarray(0, 87))).toThrow(/bad_frame/)
  expect(() => decodeCandle(new Uint8Array([...bytes, 0]))).toThrow(/bad_frame/)
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

/** What came of it, keys in their order: a value, or a refusal with its words. */
function outcome(decode: () => unknown): string {
  try {
    return `value ${JSON.stringify(decode())}`
  } catch (error) {
    return `refused ${String(error)}`
  }
}

const number = fc.oneof(fc.integer(), fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true }))
/** As text, because JSON has numbers that JSON.stringify never writes. */
const anything = fc.oneof(
  number.map(String),
  fc.constantFrom('1e999', '-1e999', '-0', '9007199254740993', 'null', 'true', '[]', '{}', '"1m"', '"x"', '"1"'),
)
const usText = fc.nat({ max: Number.MAX_SAFE_INTEGER }).map(String)
const clockFields = { schema: fc.constant('1'), receiveTimeUs: usText }

/** Fields in any order; most of the time one of them is changed, is missing, or is one too many. */
const messageOf = (fields: Record<string, fc.Arbitrary<string>>) =>
  fc
    .record({
      good: fc.record(fields),
      order: fc.shuffledSubarray(Object.keys(fields), { minLength: Object.keys(fields).length }),
      change: fc.constantFrom('none', 'value', 'missing', 'more', 'renamed'),
      field: fc.constantFrom(...Object.keys(fields)),
      value: anything,
      name: fc.constantFrom('other', '__proto__', 'toString', ''),
    })
    .map(({ good, order, change, field, value, name }) => {
      const pairs = order
        .filter((key) => !(change === 'missing' && key === field))
        .map((key) => [change === 'renamed' && key === field ? name : key, good[key]])
      if (change === 'value' || change === 'more') pairs.push([change === 'value' ? field : name, value])
      return new TextEncoder().encode(`{${pairs.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`)
    })

/** As they are written: in their order. */
const inOrderOf = (fields: Record<string, fc.Arbitrary<string>>) =>
  fc.record(fields).map((good) =>
    new TextEncoder().encode(
      `{${Object.keys(fields)
        .map((key) => `"${key}":${good[key]}`)
        .join(',')}}`,
    ),
  )

test('the check of clock messages by hand agrees with the schema on whatever comes', () => {
  const seen = { value: 0, refused: 0 }
  const agree = (decode: (bytes: Uint8Array) => unknown, law: (bytes: Uint8Array) => unknown, bytes: Uint8Array) => {
    const ours = outcome(() => decode(bytes))
    expect(ours).toBe(outcome(() => law(bytes)))
    seen[ours.startsWith('value') ? 'value' : 'refused']++
  }
  const clock = fc.property(messageOf(clockFields), (bytes) =>
    agree(decodeClock, (given) => decodeJson(clockSchema, given, 'clock'), bytes),
  )
  fc.assert(clock, { numRuns: 1_000 })
  expect(Math.min(seen.value, seen.refused)).toBeGreaterThan(100)
})

const decimalText = fc
  .tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 8 }))
  .map(([units, places]) => JSON.stringify((units / 10 ** places).toFixed(places)))
const nameText = fc.constantFrom('"main"', '"run-1-0"', '"a b"', '""', '"BTC-USDT"', `"${'x'.repeat(40)}"`)
const fillText = fc
  .tuple(nameText, decimalText, decimalText, fc.constantFrom('"taker"', '"maker"', '"both"'), usText)
  .map(
    ([id, quantity, fee, liquidity, at]) =>
      `{"tradeId":${id},"quantity":${quantity},"price":"3.50","fee":${fee},"feeAsset":"USDT","liquidity":${liquidity},"venueTimeUs":${at}}`,
  )
const confirmFields = {
  schema: fc.constant('1'),
  reportId: nameText,
  type: fc.constantFrom('"filled"', '"accepted"'),
  tenant: fc.constant('"main"'),
  account: fc.constantFrom('"paper"', '"other"'),
  strategy: fc.constant('"run"'),
  orderId: fc.constantFrom('"run-1-0"', '"run-2-0"'),
  venue: fc.constant('"sim"'),
  instrument: fc.constantFrom('"BTC-USDT"', '"ETH-USDT-PERP"'),
  side: fc.constantFrom('"buy"', '"sell"'),
  orderType: fc.constantFrom('"market"', '"limit"'),
  quantity: fc.constantFrom('"1.5"', '"2"'),
  status: fc.constantFrom('"filled"', '"new"'),
  cumQuantity: decimalText,
  leavesQuantity: decimalText,
  fill: fillText,
  reason: fc.constantFrom('{"code":"x","text":"y"}', '{"text":"y","code":"x"}', '{"code":"x"}'),
  atUs: usText,
  venueOrderId: nameText,
}

test('the check of execution reports by hand agrees with the schema on whatever comes', () => {
  const seen = { value: 0, refused: 0 }
  const run = (fields: Record<string, fc.Arbitrary<string>>, inOrder: boolean) =>
    fc.assert(
      fc.property(inOrder ? inOrderOf(fields) : messageOf(fields), (bytes) => {
        const ours = outcome(() => decodeConfirm(bytes))
        expect(ours).toBe(outcome(() => decodeJson(confirmSchema, bytes, 'confirm')))
        seen[ours.startsWith('value') ? 'value' : 'refused']++
      }),
      { numRuns: 500 },
    )
  run(confirmFields, true)
  run(confirmFields, false)
  const { fill: _fill, reason: _reason, venueOrderId: _name, ...order } = confirmFields
  run(order, true)
  run({ ...order, price: decimalText, stopPrice: decimalText }, false)
  expect(Math.min(seen.value, seen.refused)).toBeGreaterThan(100)
})

test.each(['[]', 'null', '1', '"x"', '{', ''])('%s is neither a candle nor a clock message', (text) => {
  const bytes = new TextEncoder().encode(text)
  expect(outcome(() => decodeCandle(bytes))).toBe(outcome(() => decodeJson(candleSchema, bytes, 'candle')))
  expect(outcome(() => decodeClock(bytes))).toBe(outcome(() => decodeJson(clockSchema, bytes, 'clock')))
})
