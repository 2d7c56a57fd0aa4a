import type { Clock, Logger, Metrics, ServiceContext } from '@contrail/runtime'
import { HttpProblem } from '../http/problem.ts'
import { StreamClient } from './client.ts'
import { createFacts } from './fact-streams.ts'
import { createMarket } from './market.ts'
import { catchUp, planOf, resetEvent } from './resume.ts'
import { createTables } from './tables.ts'
import type { Tables } from './tables.ts'
import { eventOf, formatId, parseId } from './topics.ts'
import type { Letter, StreamEvent, Topic } from './topics.ts'

/** Ticks are gathered this long: ten events a second per instrument at most. */
const FLUSH_MS = 100
/** Positions are valued on every third flush. */
const VALUE_EVERY = 3
export const HEARTBEAT_MS = 2_000
const CLIENTS_MAX = 256
export const CLIENTS_PER_PRINCIPAL_MAX = 32

export type StreamRequest = {
  principal: string
  topics: ReadonlySet<Topic>
  instruments: ReadonlySet<string> | undefined
  lastEventId: string | undefined
}
/** What is asked of other services now and then, only while somebody looks. */
export type Poll = { everyMs: number; events: () => Promise<StreamEvent[]> }
export type Streams = {
  start(): Promise<void>
  stop(): Promise<void>
  open(request: StreamRequest): ReadableStream<Uint8Array>
  readonly tables: Tables
}

export function createStreams(context: ServiceContext, polls: readonly Poll[]): Streams {
  const { bus, clock, log, metrics } = context
  const clients = new Map<StreamClient, string>()
  const meters = metersOf(metrics, () => clients.size)
  const emit = (event: StreamEvent) => {
    for (const client of clients.keys()) client.offer(event)
  }
  const market = createMarket({
    bus,
    emit,
    onPrice: (key) => tables.touch(key),
    onBad: meters.bad(log),
  })
  const tables = createTables({ bus, emit, lastPrice: market.lastPrice, onBad: meters.bad(log) })
  const facts = createFacts({
    bus,
    clock,
    log,
    metrics,
    emit: (letter, event) => offerFact(clients.keys(), letter, event),
    onReset: (letter, reason) => {
      for (const client of clients.keys()) client.cursors[letter] = facts.cursors[letter]
      emit(resetEvent(letter, reason))
    },
  })
  const latest = new Map<string, StreamEvent>()
  const beat = createBeat({ clock, clients, market, tables, polls, emit, latest, log })

  function openClient(request: StreamRequest): ReadableStream<Uint8Array> {
    refuseCrowd([...clients.values()], request.principal)
    const plan = planOf(parseId(request.lastEventId), facts)
    const client = new StreamClient({
      topics: request.topics,
      instruments: request.instruments,
      cursors: plan.cursors,
      idOf: (cursors) => formatId(cursors, facts.incarnation),
      onClose: (reason) => {
        clients.delete(client)
        meters.closed(reason, client.conflated)
        if (clients.size === 0) beat.pause()
      },
    })
    clients.set(client, request.principal)
    beat.resume()
    greet(client, clock, bus.connected)
    for (const letter of plan.lost) client.offer(resetEvent(letter, 'your last event is not of this stream'))
    for (const event of [...tables.snapshot(), ...market.feeds(), ...facts.lastDecisions(), ...latest.values()])
      client.offer(event)
    for (const letter of plan.behind) void catchUp(client, letter, facts, log)
    return client.body
  }
  return {
    tables,
    open: openClient,
    async start() {
      await Promise.all([tables.start(), facts.start()])
    },
    async stop() {
      beat.pause()
      for (const client of clients.keys()) client.close('the gateway stops')
      await Promise.all([tables.stop(), facts.stop()])
    },
  }
}

function offerFact(clients: Iterable<StreamClient>, letter: Letter, event: StreamEvent): void {
  for (const client of clients) if (client.joined.has(letter)) client.offer(event)
}

function greet(client: StreamClient, clock: Clock, connected: boolean): void {
  client.offer(eventOf('hello', { nowUs: clock.nowUs(), heartbeatMs: HEARTBEAT_MS, bus: connected }))
  client.comment(`heartbeat ${clock.nowUs()}`)
}

function refuseCrowd(principals: string[], principal: string): void {
  const own = principals.filter((other) => other === principal).length
  if (principals.length < CLIENTS_MAX && own < CLIENTS_PER_PRINCIPAL_MAX) return
  throw new HttpProblem(429, 'too_many_streams', `${own} streams are open for you, ${principals.length} in all`, {
    mend: `close some: at most ${CLIENTS_PER_PRINCIPAL_MAX} each and ${CLIENTS_MAX} in all`,
  })
}

function metersOf(metrics: Metrics, size: () => number) {
  const open = metrics.gauge('gateway_streams', 'Open event streams')
  const ends = metrics.counter('gateway_stream_ends_total', 'Why streams ended', ['reason'])
  const conflated = metrics.counter('gateway_conflated_total', 'Values replaced by newer ones for slow readers')
  const badTotal = metrics.counter('gateway_bad_messages_total', 'Messages that are not of the contract', ['stream'])
  return {
    closed(reason: string, count: number) {
      open.set(size())
      ends.inc({ reason })
      conflated.inc(count)
    },
    bad: (log: Logger) => (subject: string, error: unknown) => {
      badTotal.inc({ stream: 'live' })
      log.warn({ err: error, subject }, 'message left out')
    },
  }
}

type BeatOptions = {
  clock: Clock
  clients: Map<StreamClient, string>
  market: ReturnType<typeof createMarket>
  tables: Tables
  polls: readonly Poll[]
  emit: (event: StreamEvent) => void
  latest: Map<string, StreamEvent>
  log: Logger
}

/** All that repeats, and only while somebody looks. */
function createBeat({ clock, clients, market, tables, polls, emit, latest, log }: BeatOptions) {
  let timers: { cancel(): void }[] = []
  let flushes = 0
  const ask = async (poll: Poll) => {
    try {
      for (const event of await poll.events()) {
        if (event.key === undefined || latest.get(event.key)?.json === event.json) continue
        latest.set(event.key, event)
        emit(event)
      }
    } catch (error) {
      log.debug({ err: error }, 'poll failed') // the status poll says which service is away
    }
  }
  return {
    resume() {
      if (timers.length > 0) return
      market.start()
      timers = [
        every(clock, FLUSH_MS, () => {
          market.flush()
          if (flushes++ % VALUE_EVERY === 0) tables.flush()
        }),
        every(clock, HEARTBEAT_MS, () => {
          for (const client of clients.keys()) client.comment(`heartbeat ${clock.nowUs()}`)
        }),
        ...polls.map((poll) => every(clock, poll.everyMs, () => void ask(poll))),
      ]
      for (const poll of polls) void ask(poll)
    },
    pause() {
      for (const timer of timers) timer.cancel()
      timers = []
      market.stop()
    },
  }
}

function every(clock: Clock, ms: number, work: () => void): { cancel(): void } {
  let timer = clock.setTimer(ms, turn)
  function turn(): void {
    timer = clock.setTimer(ms, turn)
    work()
  }
  return { cancel: () => timer.cancel() }
}
