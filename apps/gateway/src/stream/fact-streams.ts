import type { Bus, BusMessage, Clock, Logger, Metrics, Reader, StreamState } from '@contrail/runtime'
import { sha256Hex } from '../auth/token.ts'
import { factOf } from './facts.ts'
import { LETTERS, RESUMED } from './topics.ts'
import type { Cursors, Letter, StreamEvent } from './topics.ts'

/** Decisions read back at the start, so that a card can say why before the next decision. */
const LOOK_BACK = 2_000
const RETRY_MS = 1_000

export type FactsOptions = {
  bus: Bus
  clock: Clock
  log: Logger
  metrics: Metrics
  emit: (letter: Letter, event: StreamEvent) => void
  /** A stream was lost, made anew or overtaken: what was shown of it must be asked for again. */
  onReset: (letter: Letter, reason: string) => void
}
export type Facts = {
  start(): Promise<void>
  stop(): Promise<void>
  readonly cursors: Cursors
  readonly incarnation: string
  /** The last decision of each strategy. */
  lastDecisions(): StreamEvent[]
  /** Reads one stream again for one client; `onEvent` is called in order. */
  readFrom(
    letter: Letter,
    sequence: number,
    onEvent: (event: StreamEvent | undefined, sequence: number) => void | Promise<void>,
    onLost: (reason: string) => void,
  ): Promise<Reader>
}

/** ORDERS, TRADES, CONTROL and ALERTS, each read once for all clients. */
export function createFacts({ bus, clock, log, metrics, emit, onReset }: FactsOptions): Facts {
  const bad = metrics.counter('gateway_bad_messages_total', 'Messages that are not of the contract', ['stream'])
  const cursors: Cursors = { o: 0, t: 0, c: 0, a: 0 }
  const incarnations: Record<Letter, string> = { o: '', t: '', c: '', a: '' }
  const readers = new Map<Letter, Reader>()
  const decisions = new Map<string, StreamEvent>()
  let stopped = false

  function decode(letter: Letter, message: BusMessage): StreamEvent | undefined {
    try {
      return factOf(letter, message)
    } catch (error) {
      bad.inc({ stream: RESUMED[letter] })
      log.warn({ err: error, subject: message.subject, sequence: message.sequence }, 'message left out')
      return undefined
    }
  }
  function remember(event: StreamEvent | undefined, subject: string): StreamEvent | undefined {
    if (event?.name !== 'decision') return undefined
    const last = { name: 'decision', json: event.json, key: `decision.${subject}` } as const
    decisions.set(subject, last)
    return last
  }
  async function follow(letter: Letter, state: StreamState): Promise<void> {
    const live = state.lastSequence
    incarnations[letter] = state.incarnation
    cursors[letter] = live
    const from = letter === 'o' ? Math.max(state.firstSequence, live - LOOK_BACK, 1) : live + 1
    const reader = await bus.read({
      stream: RESUMED[letter],
      fromSequence: from,
      onMessage(message) {
        const event = decode(letter, message)
        const last = remember(event, message.subject)
        if (message.sequence <= live) {
          // A client may be here before the look back is over: its greeting had not seen this one.
          if (last) emit(letter, last)
          return
        }
        cursors[letter] = message.sequence
        if (event) emit(letter, event)
      },
      onLost: (reason) => {
        if (!stopped) void begin(letter, reason)
      },
    })
    readers.set(letter, reader)
    if (stopped) await reader.stop()
  }
  /** Until the stream is there: the page works without it, and says so. */
  async function begin(letter: Letter, reason?: string): Promise<void> {
    try {
      const state = await bus.streamState(RESUMED[letter])
      if (!state) throw new Error(`there is no stream ${RESUMED[letter]} yet`)
      await follow(letter, state)
      if (reason) onReset(letter, reason)
    } catch (error) {
      if (stopped) return
      log.warn({ err: error, stream: RESUMED[letter] }, 'stream not readable, trying again')
      clock.setTimer(RETRY_MS, () => void begin(letter, reason ?? 'the stream was away'))
    }
  }
  return {
    cursors,
    get incarnation() {
      return sha256Hex(LETTERS.map((letter) => incarnations[letter]).join('|')).slice(0, 8)
    },
    async start() {
      await Promise.all(LETTERS.map((letter) => begin(letter)))
    },
    async stop() {
      stopped = true
      await Promise.all([...readers.values()].map((reader) => reader.stop()))
    },
    lastDecisions: () => [...decisions.values()],
    readFrom: (letter, sequence, onEvent, onLost) =>
      bus.read({
        stream: RESUMED[letter],
        fromSequence: sequence,
        onMessage: (message) => onEvent(decode(letter, message), message.sequence),
        onLost: (reason) => onLost(reason),
      }),
  }
}
