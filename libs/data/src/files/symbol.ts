import { instrumentId } from '@contrail/contracts'
import type { InstrumentId } from '@contrail/contracts'

/** Quote assets that venues write without a separator, longest first so that FDUSD is not read as USD. */
export const QUOTES: readonly string[] = [
  'FDUSD',
  'USDT',
  'USDC',
  'BUSD',
  'TUSD',
  'USD',
  'DAI',
  'EUR',
  'GBP',
  'JPY',
  'TRY',
  'BRL',
  'BTC',
  'ETH',
  'BNB',
]

/** `BTCUSDT`, `XRP_ETH`, `XRP/ETH`, `btc-usdt` -> `BTC-USDT`; undefined when it cannot be told apart. */
export function instrumentOfSymbol(symbol: string): InstrumentId | undefined {
  const upper = symbol.toUpperCase()
  const parts = upper.split(/[/_-]/)
  if (parts.length >= 2 && parts.length <= 3) return made(parts.join('-'))
  const quote = QUOTES.find((each) => upper.endsWith(each) && upper.length > each.length)
  return quote ? made(`${upper.slice(0, -quote.length)}-${quote}`) : undefined
}

function made(text: string): InstrumentId | undefined {
  try {
    return instrumentId(text)
  } catch {
    return undefined
  }
}

/** The instrument that a file names: in its rows (`"s":"BTCUSDT"`) or in its name, as the dumps do. */
export function instrumentOfFile(fileName: string, firstRows: readonly string[]): InstrumentId | undefined {
  for (const row of firstRows) {
    const symbol = /"s":"([A-Z0-9]{4,20})"/.exec(row)?.[1]
    if (symbol) return instrumentOfSymbol(symbol)
  }
  // freqtrade: XRP_ETH-trades.json.gz, BTC_USDT-5m.feather, BTC_USDT_USDT-8h-funding_rate.feather
  const pair = /(?:^|_)([A-Z0-9]{2,14}_[A-Z0-9]{2,12})(?:_[A-Z0-9]+)?-(?:trades|\d+[smhdw])/.exec(fileName)?.[1]
  if (pair) return instrumentOfSymbol(pair)
  const symbol = /(?:^|_)([A-Z0-9]{5,20})-(?:trades|aggTrades|\d+[smhd])-/.exec(fileName)?.[1]
  const kraken = /^kraken_([A-Z0-9]{6,12})\.csv/.exec(fileName)?.[1]
  return instrumentOfSymbol(symbol ?? kraken ?? '')
}
