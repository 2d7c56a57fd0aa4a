import { createHash } from 'node:crypto'
import { isoOfUs } from '@contrail/contracts'
import type { BacktestResult, DecisionRecord } from '@contrail/trading'

/* The files of a run as text. Numbers are written in full, so that what is read back is what was computed. */

/** Rows of equity.csv; of a longer curve every n-th point and the last. */
export const EQUITY_ROWS_MAX = 200_000

const quoted = (value: unknown): string => {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
function sheet<T extends object>(rows: readonly T[], columns: readonly (keyof T & string)[], times: readonly string[]) {
  const header = columns.map((name) => (times.includes(name) ? name.replace(/Us$/, '') : name)).join(',')
  const lines = rows.map((row) =>
    columns.map((name) => (times.includes(name) ? timeOf(row[name]) : quoted(row[name]))).join(','),
  )
  return `${[header, ...lines].join('\n')}\n`
}
const timeOf = (us: unknown): string => (typeof us === 'number' ? isoOfUs(us) : '')

export const tradesSheet = (trades: BacktestResult['trades']): string =>
  sheet(
    trades,
    [
      'venue',
      'instrument',
      'side',
      'quantity',
      'entryTimeUs',
      'exitTimeUs',
      'entryRow',
      'exitRow',
      'entryPrice',
      'exitPrice',
      'pnl',
      'returnRatio',
      'fees',
      'funding',
      'mae',
      'mfe',
      'entryTag',
      'exitTag',
      'exitReason',
    ],
    ['entryTimeUs', 'exitTimeUs'],
  )
export const fillsSheet = (fills: BacktestResult['fills']): string =>
  sheet(
    fills,
    [
      'atUs',
      'orderId',
      'venue',
      'instrument',
      'side',
      'quantity',
      'price',
      'fee',
      'liquidity',
      'slippage',
      'spread',
      'row',
    ],
    ['atUs'],
  )
export const ordersSheet = (orders: BacktestResult['orders']): string =>
  sheet(
    orders,
    [
      'placedUs',
      'doneUs',
      'orderId',
      'venue',
      'instrument',
      'side',
      'orderType',
      'quantity',
      'price',
      'stopPrice',
      'status',
      'filled',
      'averagePrice',
      'tag',
      'reason',
    ],
    ['placedUs', 'doneUs'],
  )

/** `peak` and `drawdown` are over the whole curve, also where only some points of it are listed. */
export function equitySheet({ timeUs, value, exposure }: BacktestResult['equity'], cash: number): string {
  const step = Math.max(1, Math.ceil(timeUs.length / EQUITY_ROWS_MAX))
  const lines = ['time,equity,exposure,drawdown']
  let peak = cash
  for (let i = 0; i < timeUs.length; i++) {
    const now = value[i] as number
    peak = Math.max(peak, now)
    if (i % step === 0 || i === timeUs.length - 1)
      lines.push(`${isoOfUs(timeUs[i] as number)},${now},${exposure[i] ?? 0},${now / peak - 1}`)
  }
  return `${lines.join('\n')}\n`
}

/** One line of JSON a decision, in order, and the SHA-256 over them: the same for the same run on any machine. */
export function decisionLog(decisions: readonly DecisionRecord[]): { chunks: string[]; sha256: string } {
  const hash = createHash('sha256')
  const chunks: string[] = []
  for (let from = 0; from < decisions.length; from += CHUNK) {
    const chunk = decisions
      .slice(from, from + CHUNK)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join('')
    hash.update(chunk)
    chunks.push(chunk)
  }
  return { chunks, sha256: hash.digest('hex') }
}
const CHUNK = 10_000
