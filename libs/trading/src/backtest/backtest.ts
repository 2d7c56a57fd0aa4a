import { fromFixed, toFixed } from '../portfolio/fixed.ts'
import { decimalOf } from '@contrail/contracts'
import { FEE_UNIT } from './costs.ts'
import { Run } from './run.ts'
import type {
  BacktestOptions,
  BacktestResult,
  DecisionRecord,
  Each,
  FillRecord,
  OrderRecord,
  TradeRecord,
} from './types.ts'

/** Runs a strategy over columns: the live step, the account and the venue on this thread, now. */
export function runBacktest(options: BacktestOptions): BacktestResult {
  const run = new Run(options)
  run.run()
  settle(run)
  return resultOf(run)
}

/** The end: what is open is marked, or closed by the run itself. */
function settle({ desk, dealer, equity, cause, options }: Run): void {
  const { atEnd } = options.assumptions
  if (atEnd === 'mark' || equity.count === 0) return
  for (const stock of desk.stocks) {
    const { series, row } = stock
    if (stock.lots === 0 || !series) continue
    const isOpen = atEnd === 'close_at_open' && series.kind === 'candles'
    const atUs = isOpen ? series.openTimeUs[row]! : cause.nowUs
    dealer.close(stock, isOpen ? series.open[row]! : stock.mark, atUs, 'END')
  }
  equity.amend(desk.equityQuote(), desk.exposureQuote())
}

function resultOf(run: Run): BacktestResult {
  const { desk, actor } = run
  let decisions: readonly DecisionRecord[] | undefined
  let orders: readonly OrderRecord[] | undefined
  let fills: readonly FillRecord[] | undefined
  let trades: readonly TradeRecord[] | undefined
  const { equity } = run
  const each = listsOf(run)
  const hasPoints = equity.count > 0
  return {
    complete: run.isComplete,
    events: run.cause.event,
    firstUs: hasPoints ? equity.firstUs : 0,
    lastUs: hasPoints ? equity.lastUs : 0,
    decisionCount: run.dealer.decisionCount,
    get decisions() {
      return (decisions ??= allOf(each.decisions))
    },
    get orders() {
      return (orders ??= allOf(each.orders))
    },
    get fills() {
      return (fills ??= allOf(each.fills))
    },
    get trades() {
      return (trades ??= allOf(each.trades))
    },
    each,
    equity: equity.columns,
    cash: desk.cashQuote,
    finalEquity: hasPoints ? equity.lastValue : desk.cashQuote,
    peakEquity: hasPoints ? equity.peak : desk.cashQuote,
    maxDrawdown: equity.maxDrawdown,
    positions: desk.stocks
      .filter((stock) => stock.lots !== 0)
      .map((stock) => {
        const { averagePrice } = stock.holding.readout
        return {
          venue: stock.instrument.venue,
          instrument: stock.instrument.instrument,
          quantity: stock.quantity,
          averagePrice,
          unrealised: stock.quantity * (stock.mark - averagePrice),
        }
      }),
    costs: { ...desk.costs, fee: desk.costs.fee / FEE_UNIT },
    gaps: run.gaps,
    liquidations: run.margin.liquidations,
    refused: { ...actor.readout.refused, ...run.dealer.denied },
    residual: residualOf(run),
  }
}

function listsOf({ desk, dealer: { decisions }, options }: Run): BacktestResult['each'] {
  const { orders, fills, books, stocks } = desk
  const each =
    <T>(count: number, record: (row: number) => T): Each<T> =>
    (take) => {
      for (let row = 0; row < count; row++) take(record(row))
    }
  return {
    decisions: each(decisions.count, (row) => decisions.record(row)),
    orders: each(options.keep === 'summary' ? 0 : orders.count, (row) => orders.record(row)),
    fills: each(fills.count, (row) => fills.record(row, orders, FEE_UNIT)),
    trades: each(books.trades.count, (row) => books.trades.record(row, stocks)),
  }
}

function allOf<T>(each: Each<T>): readonly T[] {
  const all: T[] = []
  each((one) => void all.push(one))
  return all
}

/** Start cash + realised + funding - cash - open cost, in decimals. */
function residualOf({ desk, options }: Run): string {
  let sum = toFixed(decimalOf(options.cash)) - toFixed(desk.cash.text) + toFixed(desk.fundingText)
  for (const { holding } of desk.stocks) sum = sum + holding.books.realised - holding.books.cost
  return fromFixed(sum as Parameters<typeof fromFixed>[0])
}
