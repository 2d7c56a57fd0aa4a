import { encodeJson, subjects } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import { PublishUnknown } from '@contrail/runtime'
import type { ActorEvent, Bus, Clock, Logger } from '@contrail/runtime'

/** Attempts for one event, and the pause between them, ms. After that it is only in the log. */
const ATTEMPTS_MAX = 20
const RETRY_MS = 250
/** Events that wait; the oldest falls out, and the log keeps it. */
const WAITING_MAX = 10_000
/** Longest sentence in an event. */
const DETAIL_MAX = 500

type Statement = { readonly subject: string; readonly data: Uint8Array }

/** States facts on `strategy.event.*`, in order, and alerts a person where one is needed. */
export class Events {
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #log: Logger
  readonly #worker: string
  readonly #waiting: Statement[] = []
  #sending: Promise<void> | undefined

  constructor(options: { bus: Bus; clock: Clock; log: Logger; worker: string }) {
    this.#bus = options.bus
    this.#clock = options.clock
    this.#log = options.log
    this.#worker = options.worker
  }

  say(event: Omit<ActorEvent, 'event'> & { readonly event: StrategyEvent['event'] }): void {
    const detail = event.detail.slice(0, DETAIL_MAX)
    const atUs = this.#clock.nowUs()
    const { id: strategy, epoch, number, version } = event
    const bad = event.event === 'diverged' || event.event === 'halted'
    this.#log[bad ? 'error' : 'info']({ strategy, event: event.event, epoch, number, detail }, 'strategy event')
    this.#send(subjects.event(strategy), {
      schema: 1,
      strategy,
      event: event.event,
      worker: this.#worker,
      epoch,
      number,
      detail,
      ...(version && { version }),
      atUs,
    })
    if (bad)
      this.#send(subjects.alert('critical', `strategy_${event.event}`), {
        schema: 1,
        severity: 'critical',
        kind: `strategy_${event.event}`,
        source: this.#worker,
        text: `${strategy} ${event.event}: ${detail}`,
        about: { strategy, subject: subjects.signal(strategy) },
        atUs,
      })
  }

  /** All that was said is stored, or given up. */
  async drained(): Promise<void> {
    await this.#sending
  }

  #send(subject: string, value: unknown): void {
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift()
    this.#waiting.push({ subject, data: encodeJson(value) })
    this.#sending ??= this.#drain().finally(() => (this.#sending = undefined))
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#publish(next)
  }

  async #publish({ subject, data }: Statement): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#bus.publish(subject, data)
        return
      } catch (error) {
        if (!(error instanceof PublishUnknown) || attempt === ATTEMPTS_MAX) {
          this.#log.error({ err: error, subject }, 'an event could not be published')
          return
        }
        await new Promise<void>((resolve) => void this.#clock.setTimer(RETRY_MS, resolve))
      }
    }
  }
}
