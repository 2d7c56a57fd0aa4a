import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A folder of one test file with made-up market data and strategies in it. */
export type Bench = {
  readonly folder: string
  readonly runs: string
  candles(name: string, rows: number): string
  trades(name: string, rows: number): string
  strategy(name: string, onCandle: string, head?: string): string
  clear(): void
}

const START_MS = Date.UTC(2024, 0, 1)
/** A wave with a trend: crossings at known distances, no randomness. */
export const priceAt = (row: number): number => Number((100 + row / 50 + 8 * Math.sin(row / 9)).toFixed(2))

export function makeBench(): Bench {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-research-'))
  const put = (name: string, text: string): string => {
    const file = path.join(folder, name)
    writeFileSync(file, text)
    return file
  }
  return {
    folder,
    runs: path.join(folder, 'runs'),
    candles: (name, rows) => {
      const lines = Array.from({ length: rows }, (_, row) => {
        const [open, close] = [priceAt(row - 1), priceAt(row)]
        const [high, low] = [Math.max(open, close) + 0.5, Math.min(open, close) - 0.5]
        return [START_MS + row * 3_600_000, open, high.toFixed(2), low.toFixed(2), close, 10].join(',')
      })
      return put(name, ['time,open,high,low,close,volume', ...lines].join('\n'))
    },
    trades: (name, rows) => {
      const lines = Array.from(
        { length: rows },
        (_, row) => `${row + 1},${priceAt(row)},0.5,${priceAt(row) / 2},${START_MS + row * 60_000},true,true`,
      )
      return put(name, ['id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch', ...lines].join('\n'))
    },
    strategy: (name, onCandle, head = '') => put(`${name}.ts`, strategyText(name, onCandle, head)),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const strategyText = (name: string, onCandle: string, head: string): string => `${head}
import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'
export default defineStrategy({
  name: '${name}',
  parameters: z.object({
    venue: z.string().default('sim'),
    instrument: z.string().default('BTC-USDT'),
    timeframe: z.enum(['1s', '1m', '5m', '1h', '4h', '1d']).default('1m'),
  }),
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  state: () => ({ bars: 0 }),
  onCandle(ctx, state, candle) {
    state.bars++
    ${onCandle}
  },
})
`
