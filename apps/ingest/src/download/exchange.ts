import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { refuse } from '@contrail/contracts'
import type { LiveMarket, LiveTrade } from '../source/live/client.ts'

/** What a download uses of a ccxt exchange: the unmodified client fits it. */
export type HistoryClient = {
  readonly markets: Record<string, LiveMarket | undefined> | undefined
  readonly has: Record<string, unknown>
  readonly timeframes?: Record<string, unknown> | undefined
  loadMarkets(): Promise<unknown>
  fetchOHLCV(symbol: string, timeframe: string, sinceMs: number, limit: number): Promise<readonly Bar[]>
  fetchTrades(
    symbol: string,
    sinceMs: number | undefined,
    limit: number,
    parameters?: object,
  ): Promise<readonly LiveTrade[]>
}
export type Bar = readonly (number | undefined)[]

/** Binance by aggregate trades, whose ids can be asked for; currencies need a key and are not wanted. */
const OPTIONS: Readonly<Record<string, object>> = {
  binance: { fetchTradesMethod: 'publicGetAggTrades', fetchCurrencies: false },
}

/** One exchange of ccxt by its own file: the package's entry would load all of them, about 200 MB. */
export async function loadHistoryClient(exchange: string): Promise<HistoryClient> {
  const root = path.dirname(new URL(import.meta.resolve('ccxt')).pathname)
  const file = path.join(root, 'src', `${exchange}.js`)
  if (!/^[a-z0-9]{2,32}$/.test(exchange) || !existsSync(file))
    throw refuse('no_venue', 'exchange', exchange, 'use an id of ccxt such as binance, bybit, kraken, okx, coinbase')
  const module = (await import(pathToFileURL(file).href)) as { default: new (options: object) => HistoryClient }
  return new module.default({ enableRateLimit: true, options: OPTIONS[exchange] ?? {} })
}

/** ccxt tells a fault of the way to the exchange (which may pass) by its class. */
export function mayPass(error: unknown): boolean {
  for (
    let type: unknown = (error as object | null)?.constructor;
    typeof type === 'function';
    type = Object.getPrototypeOf(type)
  )
    if (type.name === 'NetworkError' || type.name === 'OperationFailed') return true
  return false
}
