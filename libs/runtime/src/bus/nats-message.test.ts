import { describe, expect, it } from 'vitest'
import { deliveryInfo, usOfRfc3339 } from './nats-message.ts'

const expected = {
  deliveries: 2,
  sequence: 9_007_199_254,
  deliverySequence: 41,
  timeUs: 1_795_348_270_951_211,
  pending: 0,
}

describe('what the server says of a delivery', () => {
  it.each([
    ['plain', '$JS.ACK.ORDERS.orders.2.9007199254.41.1795348270951211987.0'],
    ['with a domain', '$JS.ACK.hub.ABCDEF.ORDERS.orders.2.9007199254.41.1795348270951211987.0'],
    ['with a domain and a token', '$JS.ACK.hub.ABCDEF.ORDERS.orders.2.9007199254.41.1795348270951211987.0.x9Zk'],
  ])('is read from its reply subject: %s', (_form, reply) => {
    expect(deliveryInfo(reply)).toEqual(expected)
  })

  it('a time without its nanoseconds is zero', () => {
    expect(deliveryInfo('$JS.ACK.S.c.1.7.3.0.12')).toEqual({
      deliveries: 1,
      sequence: 7,
      deliverySequence: 3,
      timeUs: 0,
      pending: 12,
    })
  })

  it.each([
    ['2026-11-22T11:51:10.929768392Z', 929_768],
    ['2026-11-22T11:51:10.9Z', 900_000],
    ['2026-11-22T11:51:10Z', 0],
  ])('%s is read to the microsecond', (text, fraction) => {
    expect(usOfRfc3339(text)).toBe(Date.UTC(2026, 10, 22, 11, 51, 10) * 1000 + fraction)
  })
})
