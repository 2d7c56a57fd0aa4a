import { refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import { defaultAssumptions } from '@contrail/trading/assumptions'
import type { CandleColumns, InputSpec, MarketColumns } from '@contrail/trading'
import { dataFor } from '../run/data.ts'
import type { Opened } from '../run/data.ts'
import type { DataRequest } from '../run/types.ts'
import type { SeriesOfBars, SpokenInput, Step } from './types.ts'

/** Somebody's own data in place of the check's market. */
export type OwnData = { readonly request: DataRequest; readonly fromUs?: number; readonly toUs?: number }
export type OwnMarket = { steps: Step[]; series: SeriesOfBars[]; instruments: readonly Instrument[] }
type Timed = { readonly atUs: number; readonly openTimeUs?: number; readonly step: Step }

/** The last `rows` events of the inputs, in the order in which they were received. */
export async function ownMarket(
  data: OwnData,
  opened: Opened,
  inputs: readonly SpokenInput[],
  options: { rows: number; wantsTimer: boolean },
): Promise<OwnMarket> {
  const { request, ...period } = data
  const unheard = inputs.find(({ kind }) => !['candles', 'ticks', 'quotes'].includes(kind))
  if (unheard) throw refuse('no_market', 'inputs', unheard.kind, 'check takes candles, ticks and quotes')
  const specs = inputs as readonly InputSpec[]
  const described = { name: '', description: '', parameters: {}, fromData: [], inputs: specs, lookback: 0 }
  const fillModel = inputs.some(({ kind }) => kind === 'candles') ? 'bar' : 'trade'
  const run = { strategy: '', data: request, cash: 1, ...period }
  const { series, instruments } = await dataFor(run, opened, described, { ...defaultAssumptions, fillModel })
  const heard = specs.flatMap((input) => series.find((one) => isOf(one, input)) ?? [])
  const inside = ({ atUs }: Timed): boolean => atUs >= (period.fromUs ?? -Infinity) && atUs <= (period.toUs ?? Infinity)
  // Of equal times the inputs keep their order.
  const all = heard.flatMap((one) => timedSteps(one, options.rows, inside)).sort((a, b) => a.atUs - b.atUs)
  const last = all.slice(-options.rows)
  if (last.length === 0) throw refuse('no_data', 'data', opened.label, 'it holds nothing of the inputs in this period')
  const beginsUs = last[0]!.atUs
  const [first] = heard
  const steps = last.flatMap(({ step }): Step[] =>
    options.wantsTimer && first && 'instrument' in step && isOf(first, step) ? [step, { kind: 'timer' }] : [step],
  )
  const bars = heard.filter((one): one is CandleColumns => one.kind === 'candles')
  return { steps, instruments, series: bars.map((one) => barsOf(one, beginsUs, last.at(-1)!.atUs)) }
}

const isOf = (one: MarketColumns, input: { kind: string; venue: string; instrument: string; timeframe?: string }) =>
  one.venue === input.venue &&
  one.instrument === input.instrument &&
  (one.kind === input.kind || `${one.kind}` === `${input.kind}s`) &&
  (one.kind !== 'candles' || one.timeframe === input.timeframe)

/** From the end backwards, as many as could be wanted. */
function timedSteps(one: MarketColumns, rows: number, inside: (timed: Timed) => boolean): Timed[] {
  const found: Timed[] = []
  for (let row = one.rows - 1; row >= 0 && found.length < rows; row--) {
    const timed = timedStep(one, row)
    if (timed && inside(timed)) found.push(timed)
  }
  return found.reverse()
}

function timedStep(one: MarketColumns, row: number): Timed | undefined {
  const { venue, instrument } = one
  switch (one.kind) {
    case 'candles': {
      const { timeframe } = one
      const openTimeUs = one.openTimeUs[row]!
      return {
        atUs: openTimeUs + TIMEFRAME_US[timeframe],
        step: { kind: 'candle', venue, instrument, timeframe, openTimeUs, bar: barAt(one, row) },
      }
    }
    case 'ticks': {
      const atUs = one.receiveTimeUs[row]!
      const [price, quantity] = [one.price[row]!, one.quantity[row]!]
      const side = one.side[row] === -1 ? 'sell' : 'buy'
      return { atUs, step: { kind: 'tick', venue, instrument, price, quantity, side, seconds: 0, atUs } }
    }
    case 'quotes': {
      const atUs = one.receiveTimeUs[row]!
      return {
        atUs,
        step: { kind: 'quote', venue, instrument, bid: one.bid[row]!, ask: one.ask[row]!, seconds: 0, atUs },
      }
    }
    default:
      return undefined
  }
}

function barAt({ open, high, low, close, volume }: CandleColumns, row: number) {
  return { open: open[row]!, high: high[row]!, low: low[row]!, close: close[row]!, volume: volume[row]! }
}

function barsOf(one: CandleColumns, beginsUs: number, endsUs: number): SeriesOfBars {
  const { venue, instrument, timeframe } = one
  const rows = Array.from(one.openTimeUs, (openUs, row) => ({ closeUs: openUs + TIMEFRAME_US[timeframe], row }))
    .filter(({ closeUs }) => closeUs >= beginsUs && closeUs <= endsUs)
    .map(({ row }) => row)
  const openTimeUs = rows.map((row) => one.openTimeUs[row]!)
  return { venue, instrument, timeframe, openTimeUs, bars: rows.map((row) => barAt(one, row)) }
}
