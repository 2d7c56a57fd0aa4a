import { encodeJson } from '@contrail/contracts'
import type { Candle, Confirm, Instrument, PlaceIntent } from '@contrail/contracts'

type Bar = Omit<Candle, 'schema' | 'quoteVolume' | 'trades' | 'receiveTimeUs'>

export function candleBytes(bar: Bar): Uint8Array {
  const quoteVolume = bar.volume * bar.close
  return encodeJson({ schema: 1, ...bar, quoteVolume, trades: 1, receiveTimeUs: bar.closeTimeUs } satisfies Candle)
}

/** An execution report on an order that has done nothing yet, but for what is said. */
export function reportBytes(intent: PlaceIntent, head: object, change: Partial<Confirm>): Uint8Array {
  const { orderId, venue, instrument, side, orderType, quantity, price, stopPrice } = intent
  const order = { orderId, venue, instrument, side, orderType, quantity, price, stopPrice }
  return encodeJson({
    schema: 1,
    tenant: 'main',
    ...head,
    ...order,
    cumQuantity: '0',
    leavesQuantity: quantity,
    ...change,
  })
}

export function testInstrument(given: Partial<Instrument> & Pick<Instrument, 'venue' | 'instrument'>): Instrument {
  const [base = '', quote = ''] = given.instrument.split('-')
  return {
    kind: 'spot',
    base,
    quote,
    tickSize: '0.01',
    lotSize: '0.0001',
    minQuantity: '0.0001',
    minNotional: '5',
    makerFeeBps: 2,
    takerFeeBps: 5,
    ...given,
  }
}
