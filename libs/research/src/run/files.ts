import type { BacktestResult, DecisionRecord, Each, FillRecord, OrderRecord, TradeRecord } from '@contrail/trading'
import type { ByteText } from './byte-text.ts'

/* The sheets and the log of a run. Numbers are written in full, so that what is read back is what was computed. */

/** Rows of equity.csv; of a longer curve every n-th point and the last. equity.f64 has them all. */
export const EQUITY_ROWS_MAX = 20_000

const TRADES_HEAD =
  'venue,instrument,side,quantity,entryTime,exitTime,entryRow,exitRow,entryPrice,exitPrice,pnl,returnRatio,fees,funding,mae,mfe,entryTag,exitTag,exitReason\n'
export function writeTrades(trades: readonly TradeRecord[], to: ByteText): void {
  to.raw(TRADES_HEAD)
  for (const one of trades) {
    place(one, to)
    to.raw(one.side)
    next(one.quantity, to)
    to.comma()
    to.time(one.entryTimeUs)
    to.comma()
    to.time(one.exitTimeUs)
    next(one.entryRow, to)
    next(one.exitRow, to)
    next(one.entryPrice, to)
    next(one.exitPrice, to)
    next(one.pnl, to)
    next(one.returnRatio, to)
    next(one.fees, to)
    next(one.funding, to)
    next(one.mae, to)
    next(one.mfe, to)
    to.comma()
    to.cell(one.entryTag)
    to.comma()
    to.cell(one.exitTag)
    to.comma()
    to.raw(one.exitReason)
    to.line()
  }
  to.flush()
}

const FILLS_HEAD = 'at,orderId,venue,instrument,side,quantity,price,fee,liquidity,slippage,spread,row\n'
export function writeFills(fills: Each<FillRecord>, to: ByteText): void {
  to.raw(FILLS_HEAD)
  fills((one) => {
    to.time(one.atUs)
    to.comma()
    to.cell(one.orderId)
    to.comma()
    place(one, to)
    to.raw(one.side)
    next(one.quantity, to)
    next(one.price, to)
    next(one.fee, to)
    to.comma()
    to.raw(one.liquidity)
    next(one.slippage, to)
    next(one.spread, to)
    next(one.row, to)
    to.line()
  })
  to.flush()
}

const ORDERS_HEAD =
  'placed,done,orderId,venue,instrument,side,orderType,quantity,price,stopPrice,status,filled,averagePrice,tag,reason\n'
export function writeOrders(orders: Each<OrderRecord>, to: ByteText): void {
  to.raw(ORDERS_HEAD)
  orders((one) => {
    to.time(one.placedUs)
    to.comma()
    to.time(one.doneUs)
    to.comma()
    to.cell(one.orderId)
    to.comma()
    place(one, to)
    to.raw(one.side)
    to.comma()
    to.raw(one.orderType)
    next(one.quantity, to)
    next(one.price, to)
    next(one.stopPrice, to)
    to.comma()
    to.raw(one.status)
    next(one.filled, to)
    next(one.averagePrice, to)
    to.comma()
    to.cell(one.tag)
    to.comma()
    to.cell(one.reason)
    to.line()
  })
  to.flush()
}

function place({ venue, instrument }: { venue: string; instrument: string }, to: ByteText): void {
  to.cell(venue)
  to.comma()
  to.cell(instrument)
  to.comma()
}
function next(value: number | undefined, to: ByteText): void {
  to.comma()
  to.number(value)
}

/** `drawdown` is from the peak of the whole curve, also where only some points of it are listed. */
export function writeEquity({ timeUs, value, exposure }: BacktestResult['equity'], cash: number, to: ByteText): void {
  const step = Math.max(1, Math.ceil(timeUs.length / EQUITY_ROWS_MAX))
  to.raw('time,equity,exposure,drawdown\n')
  let peak = cash
  let due = 0
  for (let i = 0; i < timeUs.length; i++) {
    const now = value[i] as number
    if (now > peak) peak = now
    if (i !== due && i !== timeUs.length - 1) continue
    if (i === due) due += step
    to.time(timeUs[i])
    next(now, to)
    next(exposure[i] ?? 0, to)
    next(now / peak - 1, to)
    to.line()
  }
  to.flush()
}

/** One line of JSON a decision, in order: the same bytes for the same run on any machine. */
export function writeDecisions(decisions: Each<DecisionRecord>, to: ByteText): void {
  decisions((one) => {
    to.raw(JSON.stringify(one))
    to.line()
  })
  to.flush()
}
