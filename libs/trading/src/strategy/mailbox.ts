import { instrumentKey, refuse, subjects } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { InputSpec, StrategyDefinition } from './api.ts'

/** Inputs one strategy may listen to. */
export const INPUTS_MAX = 64

/** One instrument of a strategy, looked up once. `lastPrice` is NaN before the first price. */
export type Slot = {
  readonly key: string
  readonly venue: string
  readonly instrument: string
  readonly details: Instrument
  lastPrice: number
}
export type MarketRoute = {
  readonly kind: 'tick' | 'quote' | 'book' | 'candle' | 'feedStatus'
  readonly slot: Slot
  /** Index of the input, for its look-back. */
  readonly input: number
}
export type Route = MarketRoute | { readonly kind: 'clock' | 'confirm' | 'control' }

export type MailboxPlan = {
  readonly mailbox: Record<string, string[]>
  readonly routes: ReadonlyMap<string, Route>
  /** By `<venue>.<instrument>`; the first is the default one of the context. */
  readonly slots: ReadonlyMap<string, Slot>
  readonly inputs: readonly InputSpec[]
}

const KINDS = { ticks: 'tick', quotes: 'quote', book: 'book', candles: 'candle' } as const

export function planMailbox(
  definition: StrategyDefinition,
  inputs: readonly InputSpec[],
  of: { strategy: string; account: string; instruments: readonly Instrument[] },
): MailboxPlan {
  if (inputs.length === 0 || inputs.length > INPUTS_MAX)
    throw refuse('inputs', 'inputs', inputs.length, `listen to 1 to ${INPUTS_MAX} inputs`)
  const slots = slotsOf(inputs, of.instruments)
  const routes = new Map<string, Route>()
  inputs.forEach((input, index) => {
    const slot = slots.get(instrumentKey(input.venue, input.instrument)) as Slot
    routes.set(subjectOf(input), { kind: KINDS[input.kind], slot, input: index })
  })
  if (definition.onGap)
    for (const input of inputs) {
      const slot = slots.get(instrumentKey(input.venue, input.instrument)) as Slot
      routes.set(subjects.feedStatus(input.venue, input.instrument), {
        kind: 'feedStatus',

        slot,
        input: -1,
      })
    }
  if (definition.onTimer) routes.set(subjects.clock(), { kind: 'clock' })
  const market = [...routes.keys()]
  const confirm = subjects.confirm(of.account, of.strategy)
  const control = subjects.control(of.strategy)
  routes.set(confirm, { kind: 'confirm' })
  routes.set(control, { kind: 'control' })
  return { mailbox: { MD: market, TRADES: [confirm], CONTROL: [control] }, routes, slots, inputs }
}

/** Last prices by instrument, where there are any. */
export function pricesOf(slots: ReadonlyMap<string, Slot>): Record<string, number> {
  const prices: Record<string, number> = {}
  for (const { key, lastPrice } of slots.values()) if (!Number.isNaN(lastPrice)) prices[key] = lastPrice
  return prices
}

const byKey = new WeakMap<readonly Instrument[], ReadonlyMap<string, Instrument>>()

/** One map per list: the actors of a worker share both. */
export function instrumentsByKey(instruments: readonly Instrument[]): ReadonlyMap<string, Instrument> {
  const known = byKey.get(instruments)
  if (known) return known
  const made = new Map(instruments.map((item) => [instrumentKey(item.venue, item.instrument), item]))
  byKey.set(instruments, made)
  return made
}

/** The instruments of the inputs come first, in their order: the first of all is the default. */
function slotsOf(inputs: readonly InputSpec[], instruments: readonly Instrument[]): Map<string, Slot> {
  const known = instrumentsByKey(instruments)
  const keys = [...inputs.map((input) => instrumentKey(input.venue, input.instrument)), ...known.keys()]
  const slots = new Map<string, Slot>()
  for (const key of keys) {
    const details = known.get(key)
    if (!details) throw refuse('unknown_instrument', 'inputs', key, 'name an instrument that the venue has')
    if (!slots.has(key))
      slots.set(key, { key, venue: details.venue, instrument: details.instrument, details, lastPrice: NaN })
  }
  return slots
}

function subjectOf(input: InputSpec): string {
  switch (input.kind) {
    case 'ticks':
      return subjects.tick(input.venue, input.instrument)
    case 'quotes':
      return subjects.quote(input.venue, input.instrument)
    case 'book':
      return subjects.book(input.venue, input.instrument)
    case 'candles':
      return subjects.candle(input.venue, input.instrument, input.timeframe)
  }
}
