import { readFileSync } from 'node:fs'
import type { Instrument } from '@contrail/contracts'
import { defaultAssumptions, runBacktest } from '@contrail/trading'
import type { CandleColumns } from '@contrail/trading'
import smaCross from '@contrail/trading/strategies/sma-cross'
import { readExpected, sharedPath } from './backtest-sets.ts'
import type { ProofSet } from './backtest-sets.ts'

/* backtesting.py, run 0: GOOG, SMA 10/30, all-in flip, 10,000 of cash: every trade and the equity it left. */
export const GOOG = 'data/candles/backtestingpy_GOOG.csv'
const EXPECTED = 'expected/backtesting_py.json'

export const goog = {
  venue: 'sim',
  instrument: 'GOOG-USD',
  kind: 'spot',
  base: 'GOOG',
  quote: 'USD',
  tickSize: '0.01',
  lotSize: '1',
  minQuantity: '1',
  minNotional: '0',
  makerFeeBps: 0,
  takerFeeBps: 0,
} as unknown as Instrument

/** Date, open, high, low, close, volume; the first `rows` of them. */
export function googColumns(rows = Infinity): CandleColumns {
  const lines = readFileSync(sharedPath(GOOG), 'utf8').trim().split(/\r?\n/).slice(1)
  const cells = lines.slice(0, rows).map((line) => line.split(','))
  const column = (index: number) => Float64Array.from(cells, (row) => Number(row[index]))
  const close = column(4)
  const volume = column(5)
  return {
    kind: 'candles',
    venue: 'sim',
    instrument: 'GOOG-USD',
    timeframe: '1d',
    rows: cells.length,
    openTimeUs: Float64Array.from(cells, (row) => Date.parse(`${row[0]}T00:00:00Z`) * 1000),
    open: column(1),
    high: column(2),
    low: column(3),
    close,
    volume,
    quoteVolume: volume.map((base, row) => base * close[row]!),
    trades: new Float64Array(cells.length),
  }
}

type Expected = {
  runs: { trades: (number | string)[][]; equity_samples: [number, number][]; stats: Record<string, number> }[]
}

/** Relative: the reference carries the rounding of its own doubles. */
const TOLERANCE = 1e-8

export const sets: ProofSet[] = [
  {
    name: 'goog-trades',
    wants: [GOOG, EXPECTED],
    run: (check) => {
      const expected = (readExpected('backtesting_py.json') as Expected).runs[0]!
      const result = runBacktest({
        definition: smaCross,
        parameters: {
          venue: 'sim',
          instrument: 'GOOG-USD',
          timeframe: '1d',
          allowShort: true,
          quantity: 1,
          enter: 'cross',
        },
        instruments: [goog],
        series: [googColumns()],
        cash: 10_000,
        assumptions: {
          ...defaultAssumptions,
          sizing: { kind: 'fraction', fraction: 1 },
          atEnd: 'close_at_open',
          riskGate: false,
        },
      })
      check.same('number of trades', result.trades.length, expected.trades.length)
      expected.trades.forEach(([size, entryBar, exitBar, entryPrice, exitPrice, pnl, , entryTime, exitTime], index) => {
        const trade = result.trades[index]
        const at = `trade ${index}`
        check.same(`${at} size`, trade && (trade.side === 'long' ? trade.quantity : -trade.quantity), size)
        check.same(`${at} entry bar`, trade?.entryRow, entryBar)
        check.same(`${at} exit bar`, trade?.exitRow, exitBar)
        check.same(`${at} entry price`, trade?.entryPrice, entryPrice)
        check.same(`${at} exit price`, trade?.exitPrice, exitPrice)
        check.same(`${at} entry time`, trade?.entryTimeUs, timeOf(entryTime))
        check.same(`${at} exit time`, trade?.exitTimeUs, timeOf(exitTime))
        check.same(`${at} pnl`, trade?.pnl, pnl, TOLERANCE)
      })
      for (const [bar, value] of expected.equity_samples)
        check.same(`equity after bar ${bar}`, result.equity.value[bar], value, TOLERANCE)
      check.same('final equity', result.finalEquity, expected.stats['Equity Final [$]'], TOLERANCE)
      check.same('peak equity', result.peakEquity, expected.stats['Equity Peak [$]'], TOLERANCE)
      check.same('residual', result.residual, '0')
    },
  },
]

const timeOf = (text: number | string | undefined): number => Date.parse(`${text}Z`) * 1000
