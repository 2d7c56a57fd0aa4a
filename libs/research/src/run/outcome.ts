import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { BacktestResult } from '@contrail/trading'
import { ByteText } from './byte-text.ts'
import { writeDecisions, writeFills, writeOrders } from './files.ts'
import { memoryOf, packTrades, unpackTrades } from './packed.ts'
import type { PackedTrades } from './packed.ts'
import type { RunResult, RunTotals } from './types.ts'

/* What becomes of a result in the thread that made it: its long lists are written where they are, and only the rest leaves it. */

export type PackedResult = Omit<RunResult, 'trades'> & { readonly packed: PackedTrades }

export function packResult(result: BacktestResult): { packed: PackedResult; memory: ArrayBuffer[] } {
  const { complete, events, firstUs, lastUs, decisionCount, equity, cash, finalEquity, peakEquity } = result
  const { maxDrawdown, positions, costs, gaps, liquidations, refused, residual } = result
  const rest = { complete, events, firstUs, lastUs, decisionCount, equity, cash, finalEquity, peakEquity }
  const trades = packTrades(result.trades)
  const curve = [equity.timeUs, equity.value, equity.exposure]
  const owned = curve.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))
  return {
    packed: { ...rest, maxDrawdown, positions, costs, gaps, liquidations, refused, residual, packed: trades },
    memory: [...new Set([...owned, ...memoryOf(trades)])],
  }
}

export function unpackResult({ packed, ...rest }: PackedResult): RunResult {
  return { ...rest, trades: unpackTrades(packed) }
}

export function totalsOf({ orders, fills }: BacktestResult): RunTotals {
  const orderStatuses: Record<string, number> = {}
  const unplaced: Record<string, number> = {}
  for (const { status, reason = '' } of orders) {
    orderStatuses[status] = (orderStatuses[status] ?? 0) + 1
    // A reason is its code and then its figures. What the gate denied is counted as refused.
    const code = status === 'rejected' ? /^\w+/.exec(reason)?.[0] : undefined
    if (code !== undefined) unplaced[code] = (unplaced[code] ?? 0) + 1
  }
  return {
    orders: orders.length,
    fills: fills.length,
    orderStatuses,
    rejected: unplaced,
    notional: notionalOf(fills),
    traded: [...new Set(fills.map(({ venue, instrument }) => `${venue} ${instrument}`))],
  }
}
export const notionalOf = (fills: BacktestResult['fills']): number =>
  fills.reduce((sum, { price, quantity }) => sum + price * quantity, 0)

/** Writes decisions.jsonl, orders.csv and fills.csv, where there is a folder; the SHA-256 of the first. */
export function writeLists({ decisions, orders, fills }: BacktestResult, folder: string | undefined): string {
  const hash = createHash('sha256')
  into(folder, 'decisions.jsonl', (put) => {
    const to = new ByteText((bytes) => {
      hash.update(bytes)
      put(bytes)
    })
    writeDecisions(decisions, to)
  })
  if (folder !== undefined) {
    into(folder, 'orders.csv', (put) => writeOrders(orders, new ByteText(put)))
    into(folder, 'fills.csv', (put) => writeFills(fills, new ByteText(put)))
  }
  return hash.digest('hex')
}

export function into(
  folder: string | undefined,
  name: string,
  write: (put: (bytes: Uint8Array) => void) => void,
): void {
  if (folder === undefined) return write(() => {})
  const file = openSync(path.join(folder, name), 'wx', 0o444)
  try {
    write((bytes) => {
      for (let from = 0; from < bytes.length;) from += writeSync(file, bytes, from)
    })
  } finally {
    closeSync(file)
  }
}
