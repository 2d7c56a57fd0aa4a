import { pathToFileURL } from 'node:url'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { check, decimalOf, instrumentSchema, refuse } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'

/** What we use of a ccxt exchange: the unmodified client fits it. */
export type LiveClient = {
  readonly markets: Record<string, LiveMarket | undefined> | undefined
  readonly has: Record<string, unknown>
  loadMarkets(): Promise<unknown>
  watchTrades(symbol: string): Promise<readonly LiveTrade[]>
  watchOrderBook(symbol: string): Promise<LiveBook>
  fetchTrades(symbol: string, since?: number, limit?: number): Promise<readonly LiveTrade[]>
  fetchOrderBook(symbol: string, limit?: number): Promise<LiveBook>
  close(): Promise<unknown>
  /** Its websockets, by address. */
  readonly clients?: Record<string, { readonly connection?: { terminate?(): void } | undefined } | undefined>
}

/**
 * Ends its websockets at once. `close` alone asks the other side and waits up to 30 s for its answer, and a silent one is
 * exactly who does not give it.
 */
export function dropSockets(client: LiveClient): void {
  for (const each of Object.values(client.clients ?? {})) each?.connection?.terminate?.()
}
export type LiveTrade = {
  readonly id?: string | undefined
  readonly timestamp?: number | undefined
  readonly side?: string | undefined
  readonly price?: number | undefined
  readonly amount?: number | undefined
}
export type LiveBook = {
  readonly bids: readonly (readonly (number | undefined)[])[]
  readonly asks: readonly (readonly (number | undefined)[])[]
  readonly timestamp?: number | undefined
  readonly nonce?: number | undefined
}
export type LiveMarket = {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly spot?: boolean | undefined
  readonly swap?: boolean | undefined
  readonly maker?: number | undefined
  readonly taker?: number | undefined
  /** Steps, because these venues are in TICK_SIZE mode. */
  readonly precision: { readonly price?: number | undefined; readonly amount?: number | undefined }
  readonly limits: {
    readonly amount?: { readonly min?: number | undefined } | undefined
    readonly cost?: { readonly min?: number | undefined } | undefined
  }
}

/** Delta has no public websocket in ccxt: it is asked. */
export const LIVE_VENUES = { binance: 'stream', bybit: 'stream', kraken: 'stream', delta: 'poll' } as const
export type LiveVenue = keyof typeof LIVE_VENUES

/**
 * Binance by aggregate trades: only those can be asked for since a time, and stream and REST must count by the same ids.
 * Currencies need a key and are not wanted.
 */
const OPTIONS: Partial<Record<LiveVenue, object>> = {
  binance: { watchTrades: { name: 'aggTrade' }, watchTradesForSymbols: { name: 'aggTrade' }, fetchCurrencies: false },
}

/**
 * One exchange of ccxt, by its own file: the package's entry would load all of them (about 200 MB). Only a process with
 * a live source ever comes here.
 */
export async function loadClient(venue: LiveVenue): Promise<LiveClient> {
  const root = path.dirname(new URL(import.meta.resolve('ccxt')).pathname)
  const folder = LIVE_VENUES[venue] === 'stream' ? 'src/pro' : 'src'
  const file = path.join(root, folder, `${venue}.js`)
  if (!existsSync(file)) throw refuse('no_venue', 'venue', venue, 'this version of ccxt does not have it')
  const module = (await import(pathToFileURL(file).href)) as { default: new (options: object) => LiveClient }
  return new module.default({ enableRateLimit: true, newUpdates: true, options: OPTIONS[venue] ?? {} })
}

/** `BTC-USDT` -> `BTC/USDT`; `BTC-USDT-PERP` -> `BTC/USDT:USDT`, the linear swap. */
export function symbolOf(instrument: string): string {
  const [base, quote, perp] = instrument.split('-')
  return perp ? `${base}/${quote}:${quote}` : `${base}/${quote}`
}

export function instrumentOfMarket(venue: string, instrument: string, market: LiveMarket): Instrument {
  const lotSize = decimalOf(market.precision.amount ?? Number.NaN, 'lotSize')
  return check(
    instrumentSchema,
    {
      venue,
      instrument,
      kind: market.swap ? 'perp' : 'spot',
      base: market.base,
      quote: market.quote,
      tickSize: decimalOf(market.precision.price ?? Number.NaN, 'tickSize'),
      lotSize,
      minQuantity: market.limits.amount?.min === undefined ? lotSize : decimalOf(market.limits.amount.min),
      minNotional: decimalOf(market.limits.cost?.min ?? 0),
      makerFeeBps: (market.maker ?? 0) * 10_000,
      takerFeeBps: (market.taker ?? 0) * 10_000,
    },
    'instrument',
  )
}
