import type { Confirm } from '../messages/confirm.ts'
import type { Candle, FeedStatus } from '../messages/market.ts'
import type { Decision, Manual } from '../messages/signal.ts'
import type { Control, StrategyEvent } from '../messages/strategy.ts'
import type { AlertView, EquityPoint, HaltView, PositionView, StatusView } from './views.ts'

/** Trades of one instrument within one second of venue time, as one event: nothing that a bar needs is lost. */
export type TickGroup = {
  venue: string
  instrument: string
  price: number
  open: number
  high: number
  low: number
  volume: number
  trades: number
  side: string
  /** Venue time of the last trade. */
  atUs: number
  receivedUs: number
}

type Stored = { sequence: number }
/** A new copy of a strategy has begun; read from its own signal subject. */
type ActivatedEvent = Pick<StrategyEvent, 'strategy' | 'number' | 'detail'> & {
  event: 'activated'
  worker: string
  epoch: number
}

/** What `GET /v1/stream` sends: the name of each event and its data. The gateway makes them, the page reads them. */
export type StreamEvents = {
  hello: { nowUs: number; heartbeatMs: number; bus: boolean }
  /** What was missed of this stream cannot be sent: ask REST for its lists. */
  reset: { stream: string; reason: string }
  tick: TickGroup
  candle: Omit<Candle, 'schema'> & { venue: string; instrument: string }
  report: Confirm & Stored
  manual: Manual & Stored
  /** Without the trail: it may be long and is for replay, not for eyes. */
  decision: Omit<Decision, 'trail' | 'schema' | 'tenant'> & Stored
  strategy: StrategyEvent | ActivatedEvent
  control: Control
  alert: AlertView
  position: PositionView
  /** Without a reason: the halt is gone. */
  halt: HaltView | { scope: string; state: 'active' }
  feed: Omit<FeedStatus, 'schema'> & { venue: string; instrument: string }
  equity: EquityPoint
  /** Without the time, so that an unchanged state is no event. */
  status: Omit<StatusView, 'nowUs'>
}
export type StreamEventName = keyof StreamEvents
