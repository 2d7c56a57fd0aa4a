import type {
  Confirm,
  Decision,
  EquityPoint,
  FeedStatus,
  FillView,
  HaltView,
  Instrument,
  OrderView,
  PnlView,
  PositionView,
  StrategyEvent,
  StrategyView,
} from '@contrail/contracts'
import type { CandleEvent, TickEvent } from './candles.ts'
import type { Phase } from './stream.ts'

export type DecisionEvent = Omit<Decision, 'trail' | 'schema' | 'tenant'> & { sequence: number }
export type FeedEvent = Omit<FeedStatus, 'schema'> & { venue: string; instrument: string }
export type StatusEvent = {
  version: string
  bus: 'connected' | 'disconnected'
  services: { name: string; state: 'ready' | 'not_ready' | 'away'; reasons: string[] }[]
  tradingState: 'active' | 'reducing' | 'halted'
}
export type ReportEvent = Omit<Confirm, 'schema'> & { sequence: number }

/** The events of /v1/stream that the page uses. */
export type StreamEvents = {
  hello: { nowUs: number; heartbeatMs: number; bus: boolean }
  reset: { stream: string; reason: string }
  tick: TickEvent
  candle: CandleEvent
  report: ReportEvent
  decision: DecisionEvent
  strategy: Pick<StrategyEvent, 'strategy' | 'detail' | 'number'> & { event: string; atUs?: number }
  control: { strategy: string; command: string }
  position: PositionView
  halt: HaltView
  feed: FeedEvent
  equity: EquityPoint
  status: StatusEvent
}
export type StreamName = keyof StreamEvents

export type Market = { venue: string; instrument: string; timeframe: string }
export type Notice = { id: number; tone: 'bad' | 'good'; text: string }

export type Model = {
  phase: Phase
  /** Performance clock of the last byte, and of the last market event. */
  beatMs: number
  marketMs: number | undefined
  instruments: readonly Instrument[] | undefined
  market: Market | undefined
  prices: Readonly<Record<string, { price: number; open: number }>>
  positions: Readonly<Record<string, PositionView>> | undefined
  orders: readonly OrderView[] | undefined
  fills: readonly FillView[] | undefined
  equity: readonly EquityPoint[] | undefined
  pnl: readonly PnlView[] | undefined
  strategies: readonly StrategyView[] | undefined
  decisions: Readonly<Record<string, DecisionEvent>>
  halts: Readonly<Record<string, HaltView>>
  feeds: Readonly<Record<string, FeedEvent>>
  status: StatusEvent | undefined
  notices: readonly Notice[]
  explaining: string | undefined
}

export const EMPTY: Model = {
  phase: 'connecting',
  beatMs: 0,
  marketMs: undefined,
  instruments: undefined,
  market: undefined,
  prices: {},
  positions: undefined,
  orders: undefined,
  fills: undefined,
  equity: undefined,
  pnl: undefined,
  strategies: undefined,
  decisions: {},
  halts: {},
  feeds: {},
  status: undefined,
  notices: [],
  explaining: undefined,
}

export const positionKey = (position: PositionView): string =>
  [position.account, position.strategy, position.venue, position.instrument].join('.')

/** TERMINAL_STATUSES of the contracts, spelled here because its module would bring every schema into the browser. */
export const ENDED: ReadonlySet<OrderView['status']> = new Set([
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'denied',
  'not_placed',
])
