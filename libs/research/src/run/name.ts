import path from 'node:path'
import { instrumentId } from '@contrail/contracts'
import type { InstrumentId } from '@contrail/contracts'
import { instrumentOfSymbol, QUOTES } from '@contrail/data'

/** They are coins first: `prices_eth` is not a price in ETH. */
const ALSO_BASES = ['BTC', 'ETH', 'BNB']
/** Words that say what kind of data it is. */
const ABOUT_FILE = /^(?:PERP|SWAP|FUTURES?|SPOT|TRADES?|CANDLES?|KLINES?|BARS?|OHLCV?|PRICES?|DAILY|HOURLY)$/
/** A shorter base is a part of a word or of another quote: TUSD is no price of T. */
const BASE_CHARACTERS_MIN = 2
const WORD_CHARACTERS_MAX = 12

/**
 * What a file is named after that does not say what it holds: `BTC-USDT.csv`, `Binance_BTCUSDT_1h.csv` and `eth_usd_daily.csv`
 * as a pair, `backtestingpy_GOOG.csv` as GOOG-USD.
 */
export function instrumentOfName(file: string): InstrumentId {
  const words = (path.basename(file).split('.')[0] ?? '').split(/[^A-Za-z0-9]+/)
  const pairs = words.slice(1).flatMap((word, i) => pairOf(words[i] as string, word) ?? [])
  const found = pairs.at(-1) ?? words.flatMap((word) => symbolOf(word) ?? []).at(-1)
  if (found) return found
  const upper = words.map((word) => word.toUpperCase())
  const named = upper.filter((one) => /^[A-Z]/.test(one) && one.length <= WORD_CHARACTERS_MAX)
  const word = named.filter((one) => !ABOUT_FILE.test(one)).at(-1) ?? named.at(-1) ?? 'DATA'
  return instrumentId(`${word}-USD`)
}

function pairOf(base: string, quote: string): InstrumentId | undefined {
  const pair = `${base}-${quote}`.toUpperCase()
  const isWritten = pair === `${base}-${quote}` || !ALSO_BASES.includes(quote.toUpperCase())
  return isWritten && QUOTES.includes(quote.toUpperCase()) ? instrumentOfSymbol(pair) : undefined
}

function symbolOf(word: string): InstrumentId | undefined {
  if (word !== word.toUpperCase() && word !== word.toLowerCase()) return undefined
  const found = instrumentOfSymbol(word)
  return found !== undefined && found.indexOf('-') >= BASE_CHARACTERS_MIN ? found : undefined
}
