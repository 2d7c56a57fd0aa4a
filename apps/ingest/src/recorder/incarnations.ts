import type { Bus, BusMessage, StreamState } from '@contrail/runtime'
import type { Sql } from '@contrail/db'
import { noteGap, sourceOf } from '../archive/archive.ts'

type Known = { incarnation: string; createdUs: number; sourceId: number; lastSequence: number }

/**
 * A stream in memory is made anew with its server and counts from 1 again: the archive keeps its incarnations apart.
 * What the stream dropped before the recorder read it is written down as a gap, never passed over.
 */
export class Incarnations {
  readonly #bus: Bus
  readonly #sql: Sql
  readonly #stream: string
  readonly #nowUs: () => number
  #known: Known[] = []

  constructor(bus: Bus, sql: Sql, stream: string, nowUs: () => number) {
    this.#bus = bus
    this.#sql = sql
    this.#stream = stream
    this.#nowUs = nowUs
  }

  /** Looks at the stream; called at the start and before each batch is written. */
  async refresh(lowestInHand = Number.POSITIVE_INFINITY): Promise<void> {
    const state = await this.#bus.streamState(this.#stream)
    if (!state) throw new Error(`stream ${this.#stream} is not there`)
    let current = this.#known.find((each) => each.incarnation === state.incarnation)
    if (!current) {
      const made = await sourceOf(this.#sql, {
        kind: 'stream',
        name: `${this.#stream}@${state.incarnation}`,
        detail: '',
        createdUs: this.#nowUs(),
      })
      const parsed = Date.parse(state.incarnation) * 1000
      current = { ...made, incarnation: state.incarnation, createdUs: Number.isNaN(parsed) ? this.#nowUs() : parsed }
      this.#known = [...this.#known, current].sort((a, b) => a.createdUs - b.createdUs).slice(-KNOWN_MAX)
    }
    await this.#noteMissed(current, state, lowestInHand)
  }

  /** Which incarnation a message belongs to: the youngest that is not younger than the message. */
  sourceIdOf(message: BusMessage): number {
    const found = this.#known.findLast((each) => each.createdUs <= message.timeUs + CLOCK_SLACK_US) ?? this.#known[0]
    if (!found) throw new Error('refresh before the first message')
    return found.sourceId
  }

  wrote(sourceId: number, lastSequence: number): void {
    const found = this.#known.find((each) => each.sourceId === sourceId)
    if (found) found.lastSequence = Math.max(found.lastSequence, lastSequence)
  }

  /** Holes between what was written and what is in hand (or still there) that the stream can no longer fill. */
  async #noteMissed(current: Known, state: StreamState, lowestInHand: number): Promise<void> {
    const toSequence = Math.min(state.firstSequence, lowestInHand) - 1
    if (toSequence <= current.lastSequence) return
    await noteGap(this.#sql, {
      sourceId: current.sourceId,
      fromSequence: current.lastSequence + 1,
      toSequence,
      reason: 'dropped by the stream before they were recorded; kinds that are not recorded may be among them',
      noticedUs: this.#nowUs(),
    })
    current.lastSequence = toSequence
  }
}

/** More than this many servers within one life of a recorder means something else is wrong. */
const KNOWN_MAX = 100
const CLOCK_SLACK_US = 1000
