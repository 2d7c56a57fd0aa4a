import { check, controlSchema, decodeJson, instrumentKey, Refusal, strategyId } from '@contrail/contracts'
import type { Control } from '@contrail/contracts'
import { AccountView } from './account.ts'
import type { PositionReadout, StrategyDefinition } from './api.ts'
import { Collector, NOT_WARM } from './collector.ts'
import type { Passing } from './collector.ts'
import { ActorContext } from './context.ts'
import { decodeClockUs, decodeMarket } from './decode.ts'
import type { MarketEvent } from './decode.ts'
import { HANDLER_OF, handlersOf, refusePromise, StrategyFailure } from './handlers.ts'
import type { Direct, HandlerName, Handlers } from './handlers.ts'
import { instrumentsByKey, planMailbox, pricesOf } from './mailbox.ts'
import type { MailboxPlan, MarketRoute, Route } from './mailbox.ts'
import type { NoteValue } from './notes.ts'
import { SNAPSHOT_VERSION } from './program.ts'
import type { ActorSnapshot, StrategyActorOptions, StrategyInput, StrategyOutput, StrategyReadout } from './program.ts'
import { decodeReports } from './reports.ts'
import { restoreState, shapeOf, snapshotState } from './state.ts'

/** A strategy as an actor: satisfies the host's `ActorProgram` by shape; knows no host. */
export class StrategyActor {
  readonly mailbox: Readonly<Record<string, readonly string[]>>
  readonly parameters: unknown
  readonly #definition: StrategyDefinition
  readonly #handlers: Handlers
  readonly #strategy: string
  readonly #plan: MailboxPlan
  readonly account: AccountView
  readonly #collector: Collector
  readonly #context: ActorContext<unknown>
  /** Bars or ticks of history that each input wants. */
  readonly lookback: number
  #state: unknown
  #direct: Direct | undefined
  readonly #shape: string
  /** What the context shows of time. */
  readonly #moment = { cells: new Float64Array(2), warm: false }
  #paused = false
  /** The look-back of every input is complete. */
  #warm: boolean
  /** Inputs seen since the start or the last gap, by input, up to the look-back. */
  #counts: number[]
  #reasons: Record<string, NoteValue> = {}
  /** A step has noted something since `#reasons` was made: it is still in the collector. */
  #hasNoted = false
  /** Refusals that have had a decision of their own since the last one with an intent in it. */
  #toldRefusals: string[] = []

  constructor(definition: StrategyDefinition, options: StrategyActorOptions) {
    const parameters: unknown = check(definition.parameters, options.parameters, 'parameters')
    this.parameters = parameters
    this.#definition = definition
    this.#handlers = handlersOf(definition)
    this.#strategy = options.strategy
    this.#plan = planMailbox(definition, definition.inputs(parameters), options)
    this.mailbox = this.#plan.mailbox
    this.lookback = Math.max(0, Math.ceil(definition.lookback?.(parameters) ?? 0))
    this.#counts = this.#plan.inputs.map(() => 0)
    this.#warm = this.lookback === 0
    this.account = new AccountView(instrumentsByKey(options.instruments))
    this.#collector = new Collector(strategyId(options.strategy), this.account)
    this.#context = new ActorContext(parameters, this.#moment, this.#plan.slots, this.account, this.#collector)
    this.#state = definition.state(parameters)
    this.#shape = shapeOf(this.#state)
  }

  /** What a subject means here, for `step`. */
  resolve(subject: string): Route | undefined {
    return this.#plan.routes.get(subject)
  }

  /** Applies one input. `number` is that of the decision, should one be made. Throws a `StrategyFailure`. */
  step(input: StrategyInput, number: number, route = this.resolve(input.subject)): StrategyOutput | undefined {
    if (!route) return undefined
    this.#collector.begin(number, this.#passing())
    this.#moment.warm = this.#warm
    this.#route(route, input)
    return this.#decided()
  }

  /** History before live begins: handlers run, what they ask for is dropped. */
  warmup(input: StrategyInput): void {
    const route = this.resolve(input.subject)
    if (!route) return
    this.#keepReasons()
    this.#collector.begin(0, 'none')
    this.#moment.warm = false
    this.#route(route, input, true)
  }

  /** Inputs are lost: until each input has been seen for its look-back again, only reducing orders leave. */
  gap(detail: string): void {
    this.#counts.fill(0)
    this.#warm = this.lookback === 0
    this.#moment.warm = this.#warm
    this.#keepReasons()
    this.#collector.begin(0, 'none')
    this.#call('onGap', detail, undefined)
  }

  /*
   * The direct way in, for a host on the same thread whose events are objects already: the same steps without bytes. True =
   * something was decided, and `collected` has it until the next step.
   */
  see(route: MarketRoute, value: object, number: number): boolean {
    const { cells } = this.#moment
    this.#collector.begin(number, this.#passing())
    this.#moment.warm = this.#warm
    const price = cells[1]!
    // NaN = it states none.
    if (price === price) route.slot.lastPrice = price
    if (!this.#warm) this.#warmUp(route.input, false)
    this.#call(HANDLER_OF[route.kind], value, undefined)
    return this.hasDecided()
  }

  /**
   * For a host that calls the author's code itself, many times between two of these: a call that leaves `collected` unused has
   * changed nothing here. Undefined: not now, because not every order may leave; `see` knows what to do. `takesPlain`: see
   * the collector.
   */
  direct(number: number, takesPlain = false): Direct | undefined {
    if (this.#paused || !this.#warm) return undefined
    this.#collector.begin(number, 'all', takesPlain)
    this.#moment.warm = true
    const [definition, context, state, strategy] = [this.#definition, this.#context, this.#state, this.#strategy]
    return (this.#direct ??= { definition, context, state, strategy })
  }

  /** What the next `see` reads: its time and the price it states. The time never runs back. */
  get moment(): Float64Array {
    return this.#moment.cells
  }

  seeHistory(route: MarketRoute, value: object, atUs: number, price: number): void {
    this.#keepReasons()
    this.#collector.begin(0, 'none')
    this.#moment.warm = false
    this.#onEvent(route, value, atUs, price, undefined, true)
  }

  /** A report that `account` has taken in already, a gap or the clock. */
  seeOther(handler: HandlerName, value: unknown, atUs: number, number: number): boolean {
    this.#collector.begin(number, this.#passing())
    this.#moment.warm = this.#warm
    this.#advance(atUs)
    this.#call(handler, value, undefined)
    return this.hasDecided()
  }

  /** What the last step asked for and noted, until the next one. */
  get collected(): Collector {
    return this.#collector
  }

  handles(name: HandlerName): boolean {
    return this.#handlers[name] !== undefined
  }

  #passing(): Passing {
    return this.#paused ? 'none' : this.#warm ? 'all' : 'reducing'
  }

  #route(route: Route, input: StrategyInput, history = false): void {
    switch (route.kind) {
      case 'clock':
        return this.#onClock(input)
      case 'confirm':
        return this.#onConfirm(input)
      case 'control':
        return this.#onControl(decodeJson(controlSchema, input.data, 'control'))
      default:
        return this.#onMarket(route, input, history)
    }
  }

  #onMarket(route: MarketRoute, input: StrategyInput, history: boolean): void {
    let event: MarketEvent
    try {
      event = decodeMarket(route, input.data)
    } catch (error) {
      return this.#unreadable(error)
    }
    const { kind, value, price } = event
    if (kind !== 'feedStatus') return this.#onEvent(route, value, value.receiveTimeUs, price, input, history)
    this.#advance(value.receiveTimeUs)
    if (value.status === 'gap') this.#call('onGap', value.detail, input)
  }

  #onEvent(
    route: MarketRoute,
    value: object,
    atUs: number,
    price: number,
    input: StrategyInput | undefined,
    history: boolean,
  ): void {
    this.#advance(atUs)
    if (!Number.isNaN(price)) route.slot.lastPrice = price
    if (!this.#warm) this.#warmUp(route.input, history)
    this.#call(HANDLER_OF[route.kind], value, input)
  }

  /** This input counts for the look-back, and is itself already seen warm when it completes it. */
  #warmUp(index: number, history: boolean): void {
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#warm = this.#counts.every((count) => count >= this.lookback)
    if (!this.#warm || history) return
    this.#moment.warm = true
    this.#collector.pass(this.#passing())
  }

  #onClock(input: StrategyInput): void {
    let atUs: number
    try {
      atUs = decodeClockUs(input.data)
    } catch (error) {
      return this.#unreadable(error)
    }
    this.#advance(atUs)
    this.#call('onTimer', undefined, input)
  }

  /** A report that cannot be read is thrown, not counted: the position would be unknown from here on. */
  #onConfirm(input: StrategyInput): void {
    for (const report of decodeReports(input.data)) {
      const what = this.account.apply(report)
      if (what === 'repeat') continue
      this.#advance(report.atUs)
      this.#call(what === 'fill' ? 'onFill' : 'onOrder', report, input)
    }
  }

  /** A person's clock does not move the strategy's: a recorded market keeps its own time. */
  #onControl(control: Control): void {
    if (control.command === 'pause' || control.command === 'stop') this.#paused = true
    if (control.command === 'resume' || control.command === 'start') this.#paused = false
  }

  /** Market data that cannot be read is counted and passed over: one bad message must not halt every strategy. */
  #unreadable(error: unknown): void {
    if (!(error instanceof Refusal)) throw error
    const { refused } = this.#collector
    refused['unreadable_input'] = (refused['unreadable_input'] ?? 0) + 1
  }

  #advance(atUs: number): void {
    if (atUs > this.#moment.cells[0]!) this.#moment.cells[0] = atUs
  }

  /** Calls the author's code. Whatever it throws comes out as a `StrategyFailure` with the input that did it. */
  #call(name: HandlerName, value: unknown, input: StrategyInput | undefined): void {
    const handler = this.#handlers[name]
    if (handler === undefined) return
    try {
      const returned = handler.call(this.#definition, this.#context, this.#state, value)
      if (returned !== undefined) refusePromise(returned)
    } catch (error) {
      throw new StrategyFailure(this.#strategy, name, input, error)
    }
  }

  #decided(): StrategyOutput | undefined {
    if (!this.hasDecided()) return undefined
    return { body: { atUs: this.#moment.cells[0]!, ...this.#collector.takeIntents() } }
  }

  /** After a call that used `collected`. */
  hasDecided(): boolean {
    const { asks, plain, refusedNow, notes } = this.#collector
    const hasAsked = plain.isAsked || asks.length > 0
    if (notes.count > 0) this.#hasNoted = true
    if (refusedNow.length === 0 && this.#toldRefusals.length === 0) return hasAsked
    return this.#hasNews(hasAsked, refusedNow)
  }

  /** A refusal is told once, so that a person sees why there is no order; told at every tick it would only be noise. */
  #hasNews(hasAsked: boolean, refusedNow: readonly string[]): boolean {
    if (hasAsked) this.#toldRefusals = []
    const news = refusedNow.filter((code) => code !== NOT_WARM && !this.#toldRefusals.includes(code))
    if (news.length > 0) this.#toldRefusals = [...this.#toldRefusals, ...new Set(news)]
    return hasAsked || news.length > 0
  }

  #keepReasons(): void {
    if (this.#hasNoted) this.#reasons = this.#collector.notes.reasons
    this.#hasNoted = false
  }

  get readout(): StrategyReadout {
    this.#keepReasons()
    return {
      state: this.#state,
      nowUs: this.#moment.cells[0]!,
      warm: this.#warm,
      paused: this.#paused,
      openOrders: [...this.account.orders()],
      reasons: this.#reasons,
      refused: this.#collector.refused,
    }
  }

  position(venue: string, instrument: string): PositionReadout {
    return this.account.position(instrumentKey(venue, instrument))
  }

  snapshot(): ActorSnapshot {
    this.#keepReasons()
    return {
      version: SNAPSHOT_VERSION,
      nowUs: this.#moment.cells[0]!,
      paused: this.#paused,
      counts: [...this.#counts],
      prices: pricesOf(this.#plan.slots),
      account: this.account.snapshot(),
      reasons: { ...this.#reasons },
      refused: { ...this.#collector.refused },
      toldRefusals: [...this.#toldRefusals],
      state: { shape: this.#shape, value: snapshotState(this.#state) },
    }
  }

  /** All or nothing: what cannot be restored is refused before anything has changed. */
  restore(snapshot: unknown): void {
    const saved = snapshot as ActorSnapshot
    if (saved.version !== SNAPSHOT_VERSION)
      throw new Refusal('snapshot_version', 'version', saved.version, `use a snapshot of version ${SNAPSHOT_VERSION}`)
    if (saved.state.shape !== this.#shape)
      throw new Refusal('state_misfit', 'state', saved.state.shape, `this code has a state of ${this.#shape}`)
    const state = restoreState(this.#definition.state(this.parameters), saved.state.value)
    this.account.restore(saved.account as Parameters<AccountView['restore']>[0])
    this.#moment.cells[0] = saved.nowUs
    this.#paused = saved.paused
    this.#counts = this.#plan.inputs.map((_, index) => saved.counts[index] ?? 0)
    this.#warm = this.#counts.every((count) => count >= this.lookback)
    for (const slot of this.#plan.slots.values()) slot.lastPrice = saved.prices[slot.key] ?? NaN
    this.#reasons = { ...saved.reasons }
    this.#hasNoted = false
    this.#collector.refused = { ...saved.refused }
    this.#toldRefusals = [...saved.toldRefusals]
    this.#state = state
    this.#direct = undefined
  }
}

export function createStrategyActor(definition: StrategyDefinition, options: StrategyActorOptions): StrategyActor {
  return new StrategyActor(definition, options)
}
