import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { TIMEFRAME_US } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'

/*
 * The naive twin: the same facts by the plainest code there is, whole file in memory, sharing nothing with the platform.
 * Only formats that a few lines can read have one; any other file is checked against its own trades on the bus.
 */
export type TwinTrade = { id: string; price: number; quantity: number; timeUs: number }
export type TwinTop = { bid: number; bidQuantity: number; ask: number; askQuantity: number }
export type Twin = { trades: TwinTrade[]; tops: Map<number, TwinTop>; depthIds: number[] }

const textOf = (file: string): string => {
  const bytes = readFileSync(file)
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString()
}

export function twinOf(file: string, format: string): Twin | undefined {
  if (format === 'freqtrade-trades') return freqtradeTwin(textOf(file))
  if (format === 'binance-capture') return captureTwin(textOf(file))
  return undefined
}

function freqtradeTwin(text: string): Twin {
  const rows = JSON.parse(text) as [number, string, null, string, number, number, number][]
  const trades = rows.map(([ms, id, , , price, amount]) => ({ id, price, quantity: amount, timeUs: ms * 1000 }))
  return { trades, tops: new Map(), depthIds: [] }
}

type Message = { lastUpdateId?: number; stream?: string; data: Record<string, string | number> }

function captureTwin(text: string): Twin {
  const twin: Twin = { trades: [], tops: new Map(), depthIds: [] }
  let snapshotId = Number.POSITIVE_INFINITY
  for (const line of text.split('\n')) {
    if (line === '') continue
    const { lastUpdateId, stream = '', data } = JSON.parse(line.slice(line.indexOf(' ') + 1)) as Message
    if (lastUpdateId !== undefined) snapshotId = lastUpdateId
    else if (stream.endsWith('@trade'))
      twin.trades.push({
        id: String(data['t']),
        price: Number(data['p']),
        quantity: Number(data['q']),
        timeUs: (data['T'] as number) * 1000,
      })
    else if (stream.endsWith('@bookTicker'))
      twin.tops.set(data['u'] as number, {
        bid: Number(data['b']),
        bidQuantity: Number(data['B']),
        ask: Number(data['a']),
        askQuantity: Number(data['A']),
      })
    else if (stream.includes('@depth')) twin.depthIds.push(data['u'] as number)
  }
  twin.depthIds = twin.depthIds.filter((updateId) => updateId > snapshotId)
  return twin
}

export type Bar = {
  openTimeUs: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  quoteVolume: number
  trades: number
}

/** Trades that are not of an earlier bar than one before them: a bar that was told is never told again. */
export function inTime(trades: readonly TwinTrade[], timeframe: Timeframe): TwinTrade[] {
  let latest = -Infinity
  return trades.filter(({ timeUs }) => {
    const bar = Math.floor(timeUs / TIMEFRAME_US[timeframe])
    latest = Math.max(latest, bar)
    return bar === latest
  })
}

/** Trades grouped by the venue's time, each group folded at the end. */
export function barsOf(trades: readonly TwinTrade[], timeframe: Timeframe): Map<number, Bar> {
  const groups = Map.groupBy(inTime(trades, timeframe), ({ timeUs }) => Math.floor(timeUs / TIMEFRAME_US[timeframe]))
  const bars = new Map<number, Bar>()
  for (const [index, group] of groups) {
    const prices = group.map(({ price }) => price)
    bars.set(index * TIMEFRAME_US[timeframe], {
      openTimeUs: index * TIMEFRAME_US[timeframe],
      open: prices[0] as number,
      high: Math.max(...prices),
      low: Math.min(...prices),
      close: prices.at(-1) as number,
      volume: group.reduce((sum, { quantity }) => sum + quantity, 0),
      quoteVolume: group.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
      trades: group.length,
    })
  }
  return bars
}
