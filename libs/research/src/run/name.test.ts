import { expect, test } from 'vitest'
import { instrumentOfName } from './name.ts'

test('a file that does not say what it holds is named after itself: a pair where its name has one', () => {
  const named: Record<string, string> = {
    'BTC-USDT.csv': 'BTC-USDT',
    '/some/where/AAA-USD.csv': 'AAA-USD',
    'BNB-USD.csv': 'BNB-USD',
    'Binance_BTCUSDT_1h.csv': 'BTC-USDT',
    'BINANCE_BTC_USDT.csv': 'BTC-USDT',
    'eth_usd_daily.csv': 'ETH-USD',
    'coinbase_btcusd.csv.gz': 'BTC-USD',
    'ETHBTC-2024.csv': 'ETH-BTC',
    'FDUSD-USDT.csv': 'FDUSD-USDT',
    'prices_eth.csv': 'ETH-USD',
    'backtestingpy_GOOG.csv': 'GOOG-USD',
    'nautilus_btc-perp-20211231-20220201_1m.csv.gz': 'BTC-USD',
    'candles.csv': 'CANDLES-USD',
    'TUSD.csv': 'TUSD-USD',
    '2024.csv': 'DATA-USD',
  }
  for (const [file, instrument] of Object.entries(named))
    expect([file, instrumentOfName(file)]).toEqual([file, instrument])
})
