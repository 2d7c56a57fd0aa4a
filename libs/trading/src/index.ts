export { defineStrategy } from './strategy/api.ts'
export type {
  Context,
  InputSpec,
  OrderOptions,
  OrderReadout,
  PositionReadout,
  Restorable,
  StateValue,
  StrategyDefinition,
} from './strategy/api.ts'
export { adoptState } from './strategy/adopt.ts'
export { createStrategyActor, StrategyActor } from './strategy/actor.ts'
export { reportsOf } from './strategy/reports.ts'
export { takeRun } from './strategy/run.ts'
export { StrategyFailure } from './strategy/handlers.ts'
export type {
  StrategyActorOptions,
  StrategyInput,
  StrategyOutput,
  StrategyReadout,
  StrategyRun,
} from './strategy/program.ts'
export { snapOrder } from './strategy/snap.ts'
export type { Asked, Snapped, SnapRefusal, SnapResult } from './strategy/snap.ts'
export { moveOrder } from './orders/machine.ts'
export { newOrder } from './orders/order.ts'
export type { Alarm, Moved, Order, OrderEvent, Terms, VenueFacts } from './orders/order.ts'
export {
  averagePrice,
  cumQuantity,
  isEnded,
  isOverfilled,
  isSeen,
  leavesQuantity,
  quantityMax,
  statusOf,
  termsOf,
} from './orders/status.ts'
export { approveCancelForHalt, checkAmend, checkCancel, checkEntry, checkPlace } from './risk/gate.ts'
export type { AmendRequest, Approved, CancelRequest, PlaceRequest, RiskCheck, Verdict } from './risk/gate.ts'
export { LIMITS_DEFAULT, limitsFor, NOTIONAL_CEILING, scopeKeys } from './risk/limits.ts'
export type { Limits, LimitTable, Scope } from './risk/limits.ts'
export { NO_EXPOSURE, pricedAt } from './risk/view.ts'
export type { Exposure, HaltEntry, MarketView, RecentOrder, RiskView, TradingState } from './risk/view.ts'
export {
  advance,
  amendOrder,
  cancelOrder,
  newMarket,
  onBook,
  onQuote,
  onTick,
  placeOrder,
  rememberEnded,
  restoreOrder,
  takeReports,
  takeTouched,
} from './venue/simulated.ts'
export type { Received } from './venue/simulated.ts'
export type { Market, VenueOrder, VenueReport, VenueSettings } from './venue/model.ts'
export type { PaperMarket } from './venue/paper.ts'
export { Adx } from './indicators/adx.ts'
export { Atr } from './indicators/atr.ts'
export { Bollinger } from './indicators/bollinger.ts'
export { CANDLE_PATTERNS, CandlePattern } from './indicators/candle-pattern.ts'
export type { CandlePatternName } from './indicators/candle-pattern.ts'
export { Donchian } from './indicators/donchian.ts'
export { Ema } from './indicators/ema.ts'
export { Indicator, run } from './indicators/indicator.ts'
export type { Columns, IndicatorSnapshot, RunnableIndicator } from './indicators/indicator.ts'
export { Macd, Ppo } from './indicators/macd.ts'
export { Dema, Hma, T3, Tema, Trix } from './indicators/averages.ts'
export { Cci } from './indicators/cci.ts'
export { Ichimoku, Keltner } from './indicators/channels.ts'
export type { IchimokuOptions, KeltnerOptions } from './indicators/channels.ts'
export { HeikinAshi } from './indicators/heikin-ashi.ts'
export { Kama } from './indicators/kama.ts'
export { LinearRegression } from './indicators/linear-regression.ts'
export { Cmo, StochasticRsi, Tsi, WilliamsR } from './indicators/momentum.ts'
export type { StochasticRsiOptions } from './indicators/momentum.ts'
export { Roc } from './indicators/roc.ts'
export { PIVOT_KINDS, PivotPoints } from './indicators/pivot-points.ts'
export type { PivotKind } from './indicators/pivot-points.ts'
export { Aroon, Psar, SuperTrend, Vortex } from './indicators/trend.ts'
export { UlcerIndex } from './indicators/ulcer.ts'
export { UltimateOscillator } from './indicators/ultimate.ts'
export { AccumulationDistribution, Cmf, Mfi, Obv } from './indicators/volume.ts'
export { Rsi } from './indicators/rsi.ts'
export { Sma } from './indicators/sma.ts'
export { StandardDeviation } from './indicators/standard-deviation.ts'
export { Stochastic } from './indicators/stochastic.ts'
export { TECHNICAL_NAMES, TechnicalIndicator, technicalIndicator } from './indicators/technical.ts'
export type { TechnicalName, TechnicalValue } from './indicators/technical.ts'
export { Vwap } from './indicators/vwap.ts'
export { Wma } from './indicators/wma.ts'
export { CandleBuilder, CandleSet } from './market/candles.ts'
export type { CandleTrade } from './market/candles.ts'
export { QUOTE_REFUSALS, QuoteFilter, TICK_REFUSALS, TickFilter } from './market/filter.ts'
export type {
  FilterOptions,
  FilterQuote,
  FilterTick,
  QuoteRefusal,
  QuoteVerdict,
  TickFilterOptions,
  TickRefusal,
  TickVerdict,
} from './market/filter.ts'
export { OrderBook } from './market/book.ts'
export type { BookDiff, BookSnapshot, BookState, DiffOutcome, Level } from './market/book.ts'
export { assetsOf } from './portfolio/assets.ts'
export type { Assets } from './portfolio/assets.ts'
export { fromFixed, toFixed } from './portfolio/fixed.ts'
export type { Fixed } from './portfolio/fixed.ts'
export {
  depositEntries,
  fillEntries,
  fundingEntries,
  reverseEntries,
  transferEntries,
  WHOLE_ACCOUNT,
} from './portfolio/ledger.ts'
export type { EntryKind, LedgerEntry } from './portfolio/ledger.ts'
export { applyFillToLots, foldLots, NO_LOTS } from './portfolio/lots.ts'
export type { Lot, LotBook } from './portfolio/lots.ts'
export { applyFill, averageCostOf, compareFills, FLAT, foldFills, unrealisedOf } from './portfolio/position.ts'
export type { BookedFill, PositionState } from './portfolio/position.ts'
export { profitOf } from './portfolio/profit.ts'
export type { Profit, ProfitStep, ProfitTerms } from './portfolio/profit.ts'
export { StrategyTest, testStrategy } from './testing/strategy-test.ts'
export type { StrategyTestOptions, TestDecision } from './testing/strategy-test.ts'
export { defaultAssumptions } from './backtest/assumptions.ts'
export { runBacktest } from './backtest/backtest.ts'
export type {
  BookColumns,
  CandleColumns,
  FundingColumns,
  MarketColumns,
  QuoteColumns,
  TickColumns,
} from './backtest/columns.ts'
export type {
  Assumptions,
  BacktestOptions,
  BacktestResult,
  DecisionRecord,
  Each,
  Fees,
  FillModel,
  FillRecord,
  Latency,
  OrderRecord,
  Sizing,
  Slippage,
  TradeRecord,
} from './backtest/types.ts'
