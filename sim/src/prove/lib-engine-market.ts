import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { encodeCandle, encodeTick, subjects, us, usOfMs } from '@contrail/contracts'
import type { Instrument, Tick } from '@contrail/contracts'
import { CandleSet } from '@contrail/trading'

export const VENUE = 'recorded'
export const INSTRUMENT = 'XRP-ETH'
export const XRP_ETH = {
  venue: VENUE,
  instrument: INSTRUMENT,
  kind: 'spot',
  base: 'XRP',
  quote: 'ETH',
  tickSize: '0.00000001',
  lotSize: '1',
  minQuantity: '1',
  minNotional: '0',
  makerFeeBps: 10,
  takerFeeBps: 10,
} as unknown as Instrument

export type MarketMessage = { readonly subject: string; readonly data: Uint8Array; readonly price?: number }
export type Market = { readonly name: string; readonly ticks: number; readonly messages: readonly MarketMessage[] }

const FILE = path.resolve(import.meta.dirname, '../../../../shared/data/ticks/freqtrade_XRP_ETH-trades.json.gz')
/** As many as the recorded file has. */
const SYNTHETIC_TICKS = 12_477

/** Ticks and one-minute bars: the recorded market where it is there, else a seeded one of the same size. */
export function loadMarket(ticksMax = Infinity): Market {
  const recorded = existsSync(FILE)
  const ticks = (recorded ? recordedTicks() : syntheticTicks(42)).slice(0, ticksMax)
  const bars = new CandleSet(['1m'])
  const messages: MarketMessage[] = []
  for (const tick of ticks) {
    for (const bar of bars.trade(tick))
      messages.push({ subject: subjects.candle(VENUE, INSTRUMENT, bar.timeframe), data: encodeCandle(bar) })
    messages.push({ subject: subjects.tick(VENUE, INSTRUMENT), data: encodeTick(tick), price: tick.price })
  }
  const name = recorded ? path.basename(FILE) : 'synthetic, seed 42 (the recorded file is absent)'
  return { name, ticks: ticks.length, messages }
}

function recordedTicks(): Tick[] {
  const rows = JSON.parse(gunzipSync(readFileSync(FILE)).toString()) as [number, string, null, string, number, number][]
  return rows.map(([ms, tradeId, , side, price, quantity]) => ({
    tradeId,
    side: side === 'buy' ? 'buy' : 'sell',
    price,
    quantity,
    venueTimeUs: usOfMs(ms),
    receiveTimeUs: usOfMs(ms),
  }))
}

function syntheticTicks(seed: number): Tick[] {
  const random = seeded(seed)
  let price = 0.00141
  let timeUs = 1_570_752_000_000_000
  return Array.from({ length: SYNTHETIC_TICKS }, (_, i) => {
    price = Math.max(0.0005, price * (1 + (random() - 0.5) * 0.002))
    timeUs += Math.ceil(random() * 30_000_000)
    const side = random() < 0.5 ? 'buy' : 'sell'
    const quantity = 1 + Math.floor(random() * 500)
    return {
      tradeId: String(i + 1),
      side,
      price: Number(price.toFixed(8)),
      quantity,
      venueTimeUs: us(timeUs),
      receiveTimeUs: us(timeUs),
    }
  })
}

/** Mulberry32: one seed, one world. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
