import {
  decimalOf,
  encodeJson,
  encodeQuote,
  encodeTick,
  refuse,
  SECOND_US,
  subjects,
  TIMEFRAME_US,
} from '@contrail/contracts'
import type {
  Confirm,
  Control,
  Instrument,
  InstrumentId,
  Intent,
  PlaceIntent,
  Timeframe,
  Us,
  VenueId,
} from '@contrail/contracts'
import { createStrategyActor } from '../strategy/actor.ts'
import type { StrategyActor } from '../strategy/actor.ts'
import type { OpenOrder } from '../strategy/open-orders.ts'
import type { PositionReadout, StrategyDefinition } from '../strategy/api.ts'
import type { NoteValue } from '../strategy/notes.ts'
import type { StrategyInput } from '../strategy/program.ts'
import { candleBytes, reportBytes, testInstrument } from './messages.ts'
import { PaperFills } from './paper-fills.ts'

export type StrategyTestOptions = {
  /** What the definition's schema fills in may be left out. */
  parameters?: Record<string, unknown>
  /** Those the strategy names; steps and minimums of 0.01 and 0.0001 unless given. */
  instruments?: readonly (Partial<Instrument> & { instrument: string })[]
  /** `next-price` (default) fills by itself; `by-hand` leaves it to `fill`. */
  fills?: 'next-price' | 'by-hand'
  /** Part of each fill's value, taken in quote. */
  feeBps?: number
  startUs?: number
}
export type TestDecision = {
  readonly number: number
  readonly atUs: number
  readonly reasons: Readonly<Record<string, NoteValue>>
  readonly intents: readonly Intent[]
}
type Where = { venue?: string; instrument?: string }

const STRATEGY = 'test'
const ACCOUNT = 'paper'
/** 2024-01-01 UTC. */
const START_US = 1_704_067_200_000_000

/** Runs a strategy without any service: the same actor as live, its inputs made here. */
export function testStrategy<P, S>(definition: StrategyDefinition<P, S>, options: StrategyTestOptions = {}) {
  return new StrategyTest<S>(definition, options)
}

export class StrategyTest<S> {
  /** All decisions so far. */
  readonly decisions: TestDecision[] = []
  readonly #make: () => StrategyActor
  readonly #first: { venue: string; instrument: string }
  readonly #paper: PaperFills | undefined
  readonly #feeBps: number
  readonly #placed = new Map<string, PlaceIntent>()
  #actor: StrategyActor
  #nowUs: number
  #sequence = 0
  #count = 0
  #decidedBefore = 0

  constructor(definition: StrategyDefinition, options: StrategyTestOptions) {
    const parameters = options.parameters ?? {}
    const parsed: unknown = definition.parameters.parse(parameters)
    const inputs = definition.inputs(parsed)
    const named = inputs.map(({ venue, instrument }) => ({
      venue: venue as VenueId,
      instrument: instrument as InstrumentId,
    }))
    const given = (options.instruments ?? []) as readonly (Partial<Instrument> & { instrument: InstrumentId })[]
    const instruments = [...given, ...named.filter((each) => !given.some((own) => own.instrument === each.instrument))]
    this.#first = named[0] ?? { venue: 'sim', instrument: 'BTC-USDT' }
    this.#make = () =>
      createStrategyActor(definition, {
        strategy: STRATEGY,
        tenant: 'main',
        account: ACCOUNT,
        parameters,
        instruments: instruments.map((each) => testInstrument({ venue: this.#first.venue as VenueId, ...each })),
      })
    this.#actor = this.#make()
    this.#paper = options.fills === 'by-hand' ? undefined : new PaperFills()
    this.#feeBps = options.feeBps ?? 0
    this.#nowUs = options.startUs ?? START_US
  }

  get state(): S {
    return this.#actor.readout.state as S
  }

  /** The last notes, also where nothing was decided. */
  get reasons(): Readonly<Record<string, NoteValue>> {
    return this.#actor.readout.reasons
  }

  get openOrders(): readonly OpenOrder[] {
    return this.#actor.readout.openOrders
  }

  get refused(): Readonly<Record<string, number>> {
    return this.#actor.readout.refused
  }

  get warm(): boolean {
    return this.#actor.readout.warm
  }

  get nowUs(): number {
    return this.#nowUs
  }

  position(where: Where = {}): PositionReadout {
    return this.#actor.position(where.venue ?? this.#first.venue, where.instrument ?? this.#first.instrument)
  }

  /** Time goes on; nothing else happens. */
  wait(seconds: number): void {
    this.#nowUs += Math.round(seconds * SECOND_US)
  }

  tick(price: number, options: Where & { quantity?: number; side?: 'buy' | 'sell' } = {}): TestDecision | undefined {
    const { venue, instrument } = this.#at(options)
    const { quantity = 1, side = 'buy' } = options
    const times = { venueTimeUs: this.#nowUs as Us, receiveTimeUs: this.#nowUs as Us }
    this.#match(venue, instrument, price)
    const data = encodeTick({ tradeId: String(++this.#count), side, price, quantity, ...times })
    return this.#market(subjects.tick(venue, instrument), data)
  }

  quote(bid: number, ask: number, options: Where = {}): TestDecision | undefined {
    const { venue, instrument } = this.#at(options)
    const times = { venueTimeUs: this.#nowUs as Us, receiveTimeUs: this.#nowUs as Us }
    this.#match(venue, instrument, (bid + ask) / 2)
    const data = encodeQuote({ bid, bidQuantity: 1, ask, askQuantity: 1, ...times })
    return this.#market(subjects.quote(venue, instrument), data)
  }

  /**
   * A bar that has just closed: time goes on by its length, or to its end where `openTimeUs` says when it began. A number is
   * a bar that did not move.
   */
  candle(
    bar: number | { open?: number; high?: number; low?: number; close: number; volume?: number },
    options: Where & { timeframe?: Timeframe; openTimeUs?: number } = {},
  ): TestDecision | undefined {
    const { venue, instrument } = this.#at(options)
    const timeframe = options.timeframe ?? this.#timeframe(venue, instrument)
    const given = typeof bar === 'number' ? { close: bar } : bar
    const { close, open = close, volume = 1 } = given
    const { high = Math.max(open, close), low = Math.min(open, close) } = given
    const frameUs = TIMEFRAME_US[timeframe]
    const beganUs = this.#nowUs - (this.#nowUs % frameUs)
    // Bars of the first instrument move the time; one of another closes together with the one before it.
    const first = instrument === this.#first.instrument && venue === this.#first.venue
    const openTimeUs = (options.openTimeUs ?? (first ? beganUs : beganUs - frameUs)) as Us
    const closeTimeUs = (openTimeUs + frameUs) as Us
    if (options.openTimeUs !== undefined) this.#nowUs = Math.max(this.#nowUs, closeTimeUs)
    else if (first) this.#nowUs = closeTimeUs
    for (const price of [open, low, high, close]) this.#match(venue, instrument, price)
    const bytes = candleBytes({ timeframe, openTimeUs, closeTimeUs, open, high, low, close, volume })
    return this.#market(subjects.candle(venue, instrument, timeframe), bytes)
  }

  /** Many bars by their closes; the decisions they led to. */
  candles(closes: readonly number[], options: Where & { timeframe?: Timeframe } = {}): TestDecision[] {
    return closes.flatMap((close) => this.candle(close, options) ?? [])
  }

  /** The clock rings, once a second live. */
  timer(seconds = 1): TestDecision | undefined {
    this.wait(seconds)
    return this.#market(subjects.clock(), encodeJson({ schema: 1, receiveTimeUs: this.#nowUs }))
  }

  pause(): void {
    this.#control('pause')
  }

  resume(): void {
    this.#control('resume')
  }

  gap(detail = 'messages are gone'): void {
    this.#actor.gap(detail)
  }

  /** An execution report as the orders service sends it. Whatever is not said is taken from the order. */
  report(orderId: string, change: Partial<Confirm> & Pick<Confirm, 'type' | 'status'>): TestDecision | undefined {
    const intent = this.#placed.get(orderId)
    if (!intent) throw refuse('unknown_order', 'orderId', orderId, 'report on an order that this strategy has placed')
    const head = { reportId: `r${++this.#count}`, account: ACCOUNT, strategy: STRATEGY, atUs: this.#nowUs as Us }
    return this.#step('TRADES', subjects.confirm(ACCOUNT, STRATEGY), reportBytes(intent, head, change))
  }

  /** Fills an order whole at a price. */
  fill(orderId: string, price: number): TestDecision | undefined {
    const intent = this.#placed.get(orderId)
    if (!intent) throw refuse('unknown_order', 'orderId', orderId, 'fill an order that this strategy has placed')
    const { quantity, instrument } = intent
    const ended = this.#paper?.filled(intent) ?? []
    const fee = ((Number(quantity) * price * this.#feeBps) / 10_000).toFixed(8)
    const decision = this.report(orderId, {
      type: 'filled',
      status: 'filled',
      cumQuantity: quantity,
      leavesQuantity: '0',
      fill: {
        tradeId: `t${++this.#count}`,
        quantity,
        price: decimalOf(price),
        fee,
        feeAsset: instrument.split('-')[1] as string,
        liquidity: 'taker',
        venueTimeUs: this.#nowUs as Us,
      },
    })
    this.#cancelled(ended)
    return decision
  }

  #cancelled(orderIds: readonly string[]): void {
    for (const orderId of orderIds)
      this.report(orderId, { type: 'cancelled', status: 'cancelled', leavesQuantity: '0' })
  }

  deny(orderId: string, text = 'denied in a test'): TestDecision | undefined {
    const children = this.#paper?.remove(orderId).filter((id) => id !== orderId) ?? []
    this.#cancelled(children)
    return this.report(orderId, { type: 'denied', status: 'denied', reason: { code: 'test', text } })
  }

  /** As after a crash: a new actor goes on from the snapshot. */
  restart(): void {
    const saved: unknown = JSON.parse(JSON.stringify(this.#actor.snapshot()))
    this.#actor = this.#make()
    this.#actor.restore(saved)
  }

  /** Where it stands, as JSON: another test of the same strategy goes on from it, as another process would. */
  save(): unknown {
    const head = { nowUs: this.#nowUs, sequence: this.#sequence, count: this.#count, decisions: this.decisions.length }
    const orders = { placed: [...this.#placed], waiting: this.#paper?.save() ?? [] }
    return JSON.parse(JSON.stringify({ ...head, ...orders, actor: this.#actor.snapshot() })) as unknown
  }

  /** Goes on from what another one saved. Its own decisions so far are not among `decisions`, but they are counted. */
  load(saved: unknown): void {
    const { nowUs, sequence, count, decisions, placed, waiting, actor } = saved as {
      nowUs: number
      sequence: number
      count: number
      decisions: number
      placed: [string, PlaceIntent][]
      waiting: unknown
      actor: unknown
    }
    this.#nowUs = nowUs
    this.#sequence = sequence
    this.#count = count
    this.#decidedBefore = decisions
    for (const [orderId, intent] of placed) this.#placed.set(orderId, intent)
    this.#paper?.restore(waiting)
    this.#actor.restore(actor)
  }

  #at(where: Where): { venue: string; instrument: string } {
    return { venue: where.venue ?? this.#first.venue, instrument: where.instrument ?? this.#first.instrument }
  }

  /** Of the input that the strategy has for this instrument. */
  #timeframe(venue: string, instrument: string): Timeframe {
    const prefix = subjects.candle(venue, instrument, '1m').slice(0, -2)
    const subject = this.#actor.mailbox['MD']?.find((each) => each.startsWith(prefix))
    if (!subject) throw refuse('no_input', 'instrument', instrument, 'the strategy listens to no bars of it')
    return subject.slice(prefix.length) as Timeframe
  }

  #match(venue: string, instrument: string, price: number): void {
    for (const filled of this.#paper?.at(venue, instrument, price) ?? []) this.fill(filled.intent.orderId, filled.price)
  }

  #market(subject: string, data: Uint8Array): TestDecision | undefined {
    if (!this.#actor.mailbox['MD']?.includes(subject))
      throw refuse('no_input', 'subject', subject, `the strategy listens to ${this.#actor.mailbox['MD']?.join(', ')}`)
    return this.#step('MD', subject, data)
  }

  #control(command: Control['command']): void {
    const message = { schema: 1, strategy: STRATEGY, command, by: 'test', reason: 'test', atUs: this.#nowUs }
    this.#step('CONTROL', subjects.control(STRATEGY), encodeJson(message))
  }

  #step(stream: string, subject: string, data: Uint8Array): TestDecision | undefined {
    const input: StrategyInput = { stream, sequence: ++this.#sequence, subject, data }
    const number = this.#decidedBefore + this.decisions.length + 1
    const output = this.#actor.step(input, number)
    if (!output) return undefined
    const decision = { number, ...output.body }
    this.decisions.push(decision)
    for (const intent of decision.intents) this.#take(intent)
    return decision
  }

  #take(intent: Intent): void {
    if (intent.type === 'place') {
      this.#placed.set(intent.orderId, intent)
      this.#paper?.place(intent)
    } else if (intent.type === 'cancel') this.#cancelled(this.#paper?.remove(intent.orderId) ?? [])
  }
}
