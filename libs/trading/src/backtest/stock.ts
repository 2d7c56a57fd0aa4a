import { instrumentKey } from '@contrail/contracts'
import type { Book, Fill, Instrument, Quote, Reason } from '@contrail/contracts'
import type { PlaceAsk } from '../strategy/ask.ts'
import { Holding } from '../portfolio/holding.ts'
import { ticksOf } from '../venue/model.ts'
import type { Market, VenueOrder } from '../venue/model.ts'
import { isTrailing, stopBehind } from '../venue/trail.ts'
import { stepsOfInstrument } from '../venue/steps.ts'
import type { Step } from '../venue/steps.ts'
import type { MarketColumns } from './columns.ts'
import { FeeSchedule } from './costs.ts'
import type { ExitReason } from './trades.ts'
import type { Assumptions } from './types.ts'

/** One instrument of the run: its market, what is held of it, and where its data stands. */
export type Stock = {
  readonly index: number
  readonly instrument: Instrument
  readonly key: string
  readonly market: Market
  readonly tick: Step
  readonly lot: Step
  readonly fees: FeeSchedule
  /** As the strategy knows it: a fold of the reports it was given. */
  readonly holding: Holding
  /** Money of one lot at one tick, in units of the desk. */
  readonly unit: number
  /** Signed: as the venue has it. */
  lots: number
  quantity: number
  /** Last price seen, in quote; NaN before the first. */
  mark: number
  /** Of the last quote or book; NaN where there is none. */
  bid: number
  ask: number
  /** When the last of its data was seen. */
  dataUs: number
  /** The last quote or book, while nobody waits for it. */
  unseen: Quote | Book | undefined
  /** Base traded in the bar at hand. */
  volume: number
  /** Else nobody asks for it. */
  readonly usesVolume: boolean
  series: MarketColumns | undefined
  row: number
  /* Of the position that is open. */
  openedUs: number
  openedRow: number
  openFees: number
  openFunding: number
  openTag: string | undefined
}
export type SimOrder = Omit<VenueOrder, 'side'> & {
  side: VenueOrder['side']
  stock: Stock
  /** Row of the log. */
  log: number
  /** Undefined: an order of the run's own. */
  ask: PlaceAsk | undefined
  timeInForce: VenueOrder['timeInForce']
  isSized: boolean
  isAccepted: boolean
}
export type Report =
  | { kind: 'accepted' | 'replaced'; order: SimOrder; atUs: number }
  | {
      kind: 'refused' | 'denied' | 'rejected' | 'expired' | 'cancelled'
      order: SimOrder
      atUs: number
      reason: Reason | undefined
    }
  | {
      kind: 'fill'
      order: SimOrder
      atUs: number
      price: number
      lots: number
      fee: number
      filled: number
      liquidity: Fill['liquidity']
    }

export function makeStock(
  index: number,
  instrument: Instrument,
  market: Market,
  holding: Holding | undefined,
  assumptions: Assumptions,
  scale: number,
): Stock {
  const { tick, lot } = stepsOfInstrument(instrument)
  return {
    index,
    instrument,
    key: instrumentKey(instrument.venue, instrument.instrument),
    market,
    tick,
    lot,
    fees: new FeeSchedule(instrument, assumptions),
    holding: holding ?? new Holding(instrument),
    unit: tick.units * lot.units * 10 ** (scale - tick.scale - lot.scale),
    lots: 0,
    quantity: 0,
    mark: NaN,
    bid: NaN,
    ask: NaN,
    dataUs: 0,
    unseen: undefined,
    volume: 0,
    usesVolume: assumptions.slippage.kind === 'volume',
    series: undefined,
    row: -1,
    openedUs: 0,
    openedRow: -1,
    openFees: 0,
    openFunding: 0,
    openTag: undefined,
  }
}

/** The best price of the bar of an exit where it surely came before: a trailing stop stands where that price has set it. */
export function bestBefore(order: SimOrder, { series, row, market }: Stock): number | undefined {
  if (!isTrailing(order) || series?.kind !== 'candles') return undefined
  const best = (order.side === 'sell' ? series.high : series.low)[row]!
  return stopBehind(order, ticksOf(market, best)) === order.stopPrice ? best : undefined
}

export function reasonOfExit(ask: PlaceAsk | undefined): ExitReason {
  switch (ask?.orderType) {
    case undefined:
    case 'market':
      return 'signal'
    case 'limit':
      // The target of a bracket.
      return ask.parent !== '' && ask.reduceOnly ? 'take_profit' : 'limit'
    case 'take_profit':
    case 'take_profit_limit':
      return 'take_profit'
    case 'trailing_stop':
      return 'trailing_stop'
    default:
      return 'stop'
  }
}
