import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { BacktestResult, Each, FillRecord, OrderRecord } from '@contrail/trading'
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

/** Writes orders.csv and fills.csv, where there is a folder, and says what is in them. */
export function writeOrdersAndFills({ each }: BacktestResult, folder: string | undefined): RunTotals {
  const orderStatuses: Record<string, number> = {}
  const rejected: Record<string, number> = {}
  const traded = new Set<string>()
  let [orders, fills, notional] = [0, 0, 0]
  let last: FillRecord | undefined
  const counted: Each<OrderRecord> = (take) =>
    each.orders((one) => {
      const { status, reason = '' } = one
      orders++
      orderStatuses[status] = (orderStatuses[status] ?? 0) + 1
      // A reason is its code and then its figures. What the gate denied is counted as refused.
      const code = status === 'rejected' ? /^\w+/.exec(reason)?.[0] : undefined
      if (code !== undefined) rejected[code] = (rejected[code] ?? 0) + 1
      take(one)
    })
  const summed: Each<FillRecord> = (take) =>
    each.fills((one) => {
      fills++
      notional += one.price * one.quantity
      if (one.instrument !== last?.instrument || one.venue !== last.venue) traded.add(`${one.venue} ${one.instrument}`)
      last = one
      take(one)
    })
  if (folder === undefined) {
    counted(() => {})
    summed(() => {})
  } else {
    into(folder, 'orders.csv', (put) => writeOrders(counted, new ByteText(put)))
    into(folder, 'fills.csv', (put) => writeFills(summed, new ByteText(put)))
  }
  return { orders, fills, orderStatuses, rejected, notional, traded: [...traded] }
}

export const notionalOf = (fills: BacktestResult['fills']): number =>
  fills.reduce((sum, { price, quantity }) => sum + price * quantity, 0)

/** Writes decisions.jsonl, where there is a folder; its SHA-256. */
export function writeAllDecisions({ each }: BacktestResult, folder: string | undefined): string {
  const hash = createHash('sha256')
  into(folder, 'decisions.jsonl', (put) => {
    const to = new ByteText((bytes) => {
      hash.update(bytes)
      put(bytes)
    })
    writeDecisions(each.decisions, to)
  })
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
