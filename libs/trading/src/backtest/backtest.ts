import { fromFixed, toFixed } from '../portfolio/fixed.ts'
import { intentOf } from '../strategy/ask.ts'
import { decimalOf } from '@contrail/contracts'
import { orderRecord } from './logs.ts'
import { Run } from './run.ts'
import { tradeRecord } from './trades.ts'
import type { BacktestOptions, BacktestResult, DecisionRecord, FillRecord, OrderRecord, TradeRecord } from './types.ts'

/** Runs a strategy over columns: the live step, the account and the venue on this thread, now. */
export function runBacktest(options: BacktestOptions): BacktestResult {
  const run = new Run(options)
  run.run()
  run.settle()
  return resultOf(run)
}

function resultOf(run: Run): BacktestResult {
  const { desk, actor } = run
  let decisions: readonly DecisionRecord[] | undefined
  let orders: readonly OrderRecord[] | undefined
  let fills: readonly FillRecord[] | undefined
  let trades: readonly TradeRecord[] | undefined
  const equity = { timeUs: run.equityUs.take(), value: run.equity.take(), exposure: run.exposure.take() }
  const last = equity.value.length - 1
  return {
    complete: run.isComplete,
    events: run.events,
    firstUs: equity.timeUs[0] ?? 0,
    lastUs: equity.timeUs[last] ?? 0,
    decisionCount: run.dealer.decisionCount,
    get decisions() {
      return (decisions ??= run.dealer.decisions.map(({ asks, ...rest }) => ({ ...rest, intents: asks.map(intentOf) })))
    },
    get orders() {
      return (orders ??= run.dealer.orders.map(orderRecord))
    },
    get fills() {
      return (fills ??= desk.fills.records(1e8))
    },
    get trades() {
      return (trades ??= desk.trades.map(tradeRecord))
    },
    equity,
    cash: desk.cash / desk.power,
    finalEquity: last >= 0 ? equity.value[last]! : desk.cash / desk.power,
    peakEquity: last >= 0 ? run.peak : desk.cash / desk.power,
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
    costs: { ...desk.costs, fee: desk.costs.fee / 1e8 },
    gaps: run.gaps,
    liquidations: run.liquidations,
    refused: { ...actor.readout.refused, ...run.dealer.denied },
    residual: residualOf(run),
  }
}

/** Start cash + realised + funding - cash - open cost, in decimals. */
function residualOf({ desk, options }: Run): string {
  let sum = toFixed(decimalOf(options.cash)) - toFixed(desk.cashText) + toFixed(desk.fundingText)
  for (const { holding } of desk.stocks) sum = sum + holding.books.realised - holding.books.cost
  return fromFixed(sum as Parameters<typeof fromFixed>[0])
}
