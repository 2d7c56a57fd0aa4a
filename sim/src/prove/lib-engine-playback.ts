import { PublishUnknown } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import type { MarketMessage } from './lib-engine-market.ts'

const TURN_MS = 10
/** How much of a new measurement of the length of a turn counts. */
const WEIGHT = 0.2

/** Plays a market at a steady pace that leaves something to play until the last turn. One publish at a time, in order. */
export class Playback {
  readonly #bus: Bus
  readonly #messages: readonly MarketMessage[]
  #played = 0
  /** Messages per millisecond. */
  #rate = 0
  #credit = 0
  #sharedMs = performance.now()
  #periodMs: number
  #sharesBefore = 0
  #stopped = false
  readonly #running: Promise<void>
  lastSequence = 0

  /** `periodMs`: how long one turn is thought to take before the first was measured. */
  constructor(bus: Bus, messages: readonly MarketMessage[], periodMs: number) {
    this.#periodMs = periodMs
    this.#bus = bus
    this.#messages = messages
    this.#running = this.#run()
  }

  get played(): number {
    return this.#played
  }

  /** So many turns are still to come. */
  share(turnsLeft: number): void {
    const now = performance.now()
    if (this.#sharesBefore++ > 0) this.#periodMs += WEIGHT * (now - this.#sharedMs - this.#periodMs)
    this.#sharedMs = now
    this.#rate = (this.#messages.length - this.#played) / (Math.max(1, turnsLeft) * this.#periodMs)
  }

  /** The rest as fast as it goes. */
  async finish(): Promise<void> {
    this.#rate = Infinity
    await this.#running
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    let beforeMs = performance.now()
    while (this.#played < this.#messages.length && !this.#stopped) {
      if (this.#rate !== Infinity) await new Promise((resolve) => setTimeout(resolve, TURN_MS)) // tidy-ok: the pace
      const now = performance.now()
      this.#credit = Math.min(this.#credit + (now - beforeMs) * this.#rate, 1_000)
      beforeMs = now
      while (this.#credit >= 1 && this.#played < this.#messages.length) {
        this.#credit -= 1
        await this.#publish(this.#messages[this.#played] as MarketMessage)
        this.#played += 1
      }
    }
  }

  async #publish({ subject, data }: MarketMessage): Promise<void> {
    for (;;) {
      try {
        // Fenced by its place in the market: a publish without an answer is not repeated if it was stored.
        this.lastSequence = (await this.#bus.publish(subject, data, { messageId: `m${this.#played}` })).sequence
        return
      } catch (error) {
        if (!(error instanceof PublishUnknown)) throw error
      }
    }
  }
}
