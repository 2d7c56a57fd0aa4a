export {
  addDecimal,
  compareDecimal,
  DECIMAL_PATTERN,
  decimalOf,
  formatDecimal,
  fromSteps,
  multiplyDecimal,
  negateDecimal,
  parseDecimal,
  roundDecimal,
  shortStepsOf,
  stepsOf,
  subtractDecimal,
} from './decimal.ts'
export type { Lots, Scaled, Ticks } from './decimal.ts'
export { check } from './check.ts'
export { decodeCandle, decodeClock, decodeConfirm, decodeJson, encodeJson } from './codec.ts'
export { decodeQuote, decodeTick, encodeCandle, encodeQuote, encodeTick, isCandleFrame } from './frames.ts'
export { CandleFrame, QuoteFrame, TickFrame } from './frame-views.ts'
export {
  accountField,
  clOrdIdField,
  cursorField,
  decimalField,
  instrumentField,
  orderIdField,
  positiveDecimalField,
  sha256Field,
  sideField,
  strategyField,
  tenantField,
  timeframeField,
  usField,
  venueField,
  workerField,
} from './fields.ts'
export type { Cursor, Side } from './fields.ts'
export { id, ID_PATTERN, INSTRUMENT_PATTERN, instrumentId, orderId, STRATEGY_ID_PATTERN, strategyId } from './ids.ts'
export type { AccountId, ClOrdId, Id, InstrumentId, OrderId, StrategyId, TenantId, VenueId, WorkerId } from './ids.ts'
export { instrumentKey, instrumentSchema } from './instrument.ts'
export type { Instrument } from './instrument.ts'
export { mendOf } from './mend.ts'
export { Refusal, refuse } from './refusal.ts'
export { messages, schemaText } from './schemas.ts'
export { BUCKETS, OBJECT_STORES, parseSubject, streamOf, STREAMS, subjects } from './subjects.ts'
export type { BucketName, MarketKind, ObjectStoreName, ParsedSubject, StreamName } from './subjects.ts'
export {
  DAY_US,
  HOUR_US,
  isoOfUs,
  LIVE_TIMEFRAMES,
  MINUTE_US,
  SECOND_US,
  TIMEFRAME_US,
  TIMEFRAMES,
  us,
  usOfMs,
} from './time.ts'
export type { Timeframe, Us } from './time.ts'
export {
  bookSchema,
  candleSchema,
  clockSchema,
  feedStatusSchema,
  fundingSchema,
  quoteSchema,
  tickSchema,
} from './messages/market.ts'
export type { Book, Candle, Clock, FeedStatus, Funding, Quote, Tick } from './messages/market.ts'
export {
  activatedSchema,
  amendIntentSchema,
  cancelIntentSchema,
  decisionSchema,
  intentSchema,
  INTENTS_MAX,
  manualSchema,
  ORDER_TYPES,
  placeIntentSchema,
  signalSchema,
  TIMES_IN_FORCE,
  trailSchema,
} from './messages/signal.ts'
export type { Activated, Decision, Intent, Manual, PlaceIntent, Signal, Trail, OrderType } from './messages/signal.ts'
export {
  confirmSchema,
  EXECUTION_TYPES,
  fillSchema,
  ORDER_STATUSES,
  reasonSchema,
  TERMINAL_STATUSES,
} from './messages/confirm.ts'
export type { Confirm, ExecutionType, Fill, OrderStatus, Reason } from './messages/confirm.ts'
export {
  checkpointSchema,
  CONTROL_COMMANDS,
  controlSchema,
  desiredStrategySchema,
  STRATEGY_EVENTS,
  strategyEventSchema,
  workerSchema,
} from './messages/strategy.ts'
export type { Checkpoint, Control, DesiredStrategy, StrategyEvent, Worker } from './messages/strategy.ts'
export { studyField, studySchema, trialResultSchema, trialSchema } from './messages/research.ts'
export type { StudyValue, TrialJob, TrialResult } from './messages/research.ts'
export {
  alertSchema,
  deadLetterSchema,
  haltSchema,
  laidAsideSchema,
  positionSchema,
  TRADING_STATES,
} from './messages/platform.ts'
export type { Alert, DeadLetter, Halt, LaidAside, PositionValue } from './messages/platform.ts'
export {
  alertView,
  candleQuery,
  candleView,
  deadLetterView,
  deployRequest,
  equityPoint,
  explainView,
  fillView,
  haltRequest,
  haltView,
  manualOrderRequest,
  orderView,
  parametersRequest,
  pnlView,
  positionView,
  problemSchema,
  statusView,
  strategyView,
} from './http/views.ts'
export type {
  AlertView,
  CandleView,
  DeadLetterView,
  EquityPoint,
  ExplainView,
  FillView,
  HaltView,
  OrderView,
  PnlView,
  PositionView,
  Problem,
  StatusView,
  StrategyView,
} from './http/views.ts'
export type { StreamEventName, StreamEvents, TickGroup } from './http/stream.ts'
export { ASSUMPTION_WORDS, assumptionsOfWords, instantOf } from './http/backtest-words.ts'
export type { AssumptionWord, Words } from './http/backtest-words.ts'
export {
  backtestRequest,
  JOB_KINDS,
  optimizationRequest,
  SAMPLER_NAMES,
  trialView,
  CONVENTION_NAMES,
  JOB_STATES,
  jobField,
  jobView,
  runField,
  runRecordView,
  runView,
} from './http/research.ts'
export type {
  BacktestRequest,
  JobKind,
  JobState,
  JobView,
  OptimizationRequest,
  RunView,
  TrialView,
} from './http/research.ts'
