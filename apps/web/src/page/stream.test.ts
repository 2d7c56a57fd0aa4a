import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openStream } from './stream.ts'
import type { Phase } from './stream.ts'

type Connection = { headers: Record<string, string>; say(text: string): void; end(): void }
let connections: Connection[] = []
let answer: () => number = () => 200
const phases: Phase[] = []
const events: unknown[] = []
const beats: unknown[] = []
let stop: () => void = () => undefined

beforeEach(() => {
  vi.useFakeTimers()
  connections = []
  answer = () => 200
  for (const list of [phases, events, beats]) list.length = 0
  vi.stubGlobal('fetch', async (_: string, init: { headers: Record<string, string>; signal: AbortSignal }) => {
    const status = answer()
    if (status === 0) throw new TypeError('connection refused')
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    init.signal.addEventListener('abort', () => void writer.abort(new Error('aborted')).catch(() => undefined))
    connections.push({
      headers: init.headers,
      say: (text) => void writer.write(new TextEncoder().encode(text)),
      end: () => void writer.close(),
    })
    return new Response(status === 200 ? readable : null, { status })
  })
  const stream = openStream('/v1/stream', {
    onEvent: (name, data) => events.push([name, data]),
    onPhase: (phase) => phases.push(phase),
    onBeat: (serverUs) => beats.push(serverUs),
  })
  stop = () => stream.stop()
})
afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('events and heartbeats arrive, and the first byte is life', async () => {
  await pass(1)
  expect(phases).toEqual(['connecting'])
  connections[0]?.say(': heartbeat 1767225600000000\n\nid: t=4\nevent: report\ndata: {"a":1}\n\n')
  await pass(1)
  expect(phases).toEqual(['connecting', 'live'])
  expect(events).toEqual([['report', { a: 1 }]])
  expect(beats).toEqual([1_767_225_600_000_000])
})

test('two missed heartbeats are said; a heartbeat takes it back', async () => {
  await pass(1)
  connections[0]?.say(': heartbeat 1\n\n')
  await pass(4000)
  expect(phases.at(-1)).toBe('live')
  await pass(1500)
  expect(phases.at(-1)).toBe('stale')
  connections[0]?.say(': heartbeat 2\n\n')
  await pass(1)
  expect(phases.at(-1)).toBe('live')
})

test('a dead connection is opened anew from the last event', async () => {
  await pass(1)
  connections[0]?.say('id: o=1;t=4;c=2\nevent: report\ndata: {}\n\n: heartbeat 1\n\n')
  await pass(15_000)
  expect(connections.length).toBeGreaterThan(1)
  expect(connections[0]?.headers['last-event-id']).toBeUndefined()
  expect(connections[1]?.headers['last-event-id']).toBe('o=1;t=4;c=2')
  expect(phases).toContain('offline')
})

test('while nobody answers it keeps trying, and goes on when somebody does', async () => {
  await pass(1)
  answer = () => 0
  connections[0]?.end()
  await pass(10_000)
  expect(phases.at(-1)).toBe('offline')
  answer = () => 200
  await pass(6000)
  connections.at(-1)?.say(': heartbeat 1\n\n')
  await pass(1)
  expect(phases.at(-1)).toBe('live')
})

test('without a session it stops and says so', async () => {
  await pass(1)
  answer = () => 401
  connections[0]?.end()
  await pass(60_000)
  expect(phases.at(-1)).toBe('signed_out')
  expect(connections).toHaveLength(2)
})
