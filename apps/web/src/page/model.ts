import type {
  AlertView,
  EquityPoint,
  FillView,
  HaltView,
  Instrument,
  OrderView,
  PnlView,
  PositionView,
  StrategyView,
  StreamEvents,
} from '@contrail/contracts'
import type { Phase } from './stream.ts'

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
  decisions: Readonly<Record<string, StreamEvents['decision']>>
  halts: Readonly<Record<string, HaltView>>
  /** Newest first. */
  alerts: readonly AlertView[]
  /** Of alerts that were looked at here: `alertKey`. */
  hidden: ReadonlySet<string>
  feeds: Readonly<Record<string, StreamEvents['feed']>>
  status: StreamEvents['status'] | undefined
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
  alerts: [],
  hidden: new Set(),
  feeds: {},
  status: undefined,
  notices: [],
  explaining: undefined,
}

export const positionKey = (position: PositionView): string =>
  [position.account, position.strategy, position.venue, position.instrument].join('.')

/** The stream may be made anew and count from one again: the time tells which alert it was. */
export const alertKey = ({ atUs, sequence }: AlertView): string => `${atUs}.${sequence}`

/** TERMINAL_STATUSES of the contracts, spelled here because its module would bring every schema into the browser. */
export const ENDED: ReadonlySet<OrderView['status']> = new Set([
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'denied',
  'not_placed',
])
