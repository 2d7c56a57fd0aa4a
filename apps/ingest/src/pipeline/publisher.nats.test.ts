import { encodeTick, subjects } from '@contrail/contracts'
import type { Tick, Us } from '@contrail/contracts'
import { decodeTick } from '@contrail/contracts'
import { connectNats, createLogger, createMetrics, systemClock } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { ensureStream, startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MarketPublisher } from './publisher.ts'

let nats: TestNats
let bus: Bus
let lost: string[]
let publisher: MarketPublisher

beforeEach(async () => {
  nats = await startTestNats()
  bus = await connectNats({ url: nats.url, name: 'publisher-test' })
  lost = []
  publisher = new MarketPublisher({
    bus,
    clock: systemClock,
    log: createLogger({ name: 'publisher-test', level: 'silent' }),
    metrics: createMetrics(),
    onLost: (subject) => lost.push(subject),
  })
})
afterEach(async () => {
  publisher.close()
  await bus.close()
  await nats.stop()
})

const VENUE = 'sim'
const NAMES = ['AAA-USDT', 'BBB-USDT', 'CCC-USDT'] as const
const tick = (n: number): Tick => ({
  tradeId: String(n),
  side: 'buy',
  price: 100,
  quantity: 1,
  venueTimeUs: n as Us,
  receiveTimeUs: n as Us,
})
const send = (n: number) => publisher.send(subjects.tick(VENUE, NAMES[n % NAMES.length]!), encodeTick(tick(n)), 'all')

async function stored(): Promise<number[]> {
  const ids: number[] = []
  const { lastSequence, firstSequence } = (await bus.streamState('MD'))!
  const reader = await bus.read({
    stream: 'MD',
    fromSequence: firstSequence,
    onMessage: (message) => {
      if (message.subject.startsWith('md.ticks.')) ids.push(Number(decodeTick(message.data).tradeId))
      if (message.sequence === lastSequence) last = message.sequence
    },
  })
  let last = 0
  await until('the stream is read', () => last === lastSequence)
  await reader.stop()
  return ids
}

test('a caller that waits is held to the window; all arrives in order', async () => {
  await ensureStream(nats.url, 'MD', ['md.>'], { memory: true })
  let waits = 0
  for (let n = 1; n <= 5000; n++) {
    const full = send(n)
    if (full) {
      waits++
      await full
    }
  }
  await publisher.drained()
  expect(await stored()).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1))
  expect(waits).toBeGreaterThan(0)
  expect(publisher.waiting).toBe(0)
})

test('a killed server costs no trade and repeats none, whatever was in flight', async () => {
  await ensureStream(nats.url, 'MD', ['md.>'])
  let n = 0
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 700; i++) void send(++n)
    // In the middle of the window: some are stored, some are not, and nobody was told which.
    await new Promise((resolve) => setImmediate(resolve))
    nats.kill9()
    await until('the connection is gone', () => !bus.connected)
    for (let i = 0; i < 300; i++) void send(++n)
    await nats.restart()
  }
  await publisher.drained()
  const ids = await stored()
  expect(ids.length).toBe(n)
  for (const [index, name] of NAMES.entries()) {
    const own = ids.filter((each) => each % NAMES.length === index)
    expect(own, name).toEqual([...own].sort((a, b) => a - b))
  }
  expect(new Set(ids).size).toBe(n)
  expect(lost).toEqual([])
})

test('while the server is away a newer quote replaces an older one, and trades are kept', async () => {
  await ensureStream(nats.url, 'MD', ['md.>'])
  nats.kill9()
  await until('the connection is gone', () => !bus.connected)
  const text = new TextEncoder()
  for (let n = 1; n <= 2000; n++) {
    void send(n)
    void publisher.send(subjects.quote(VENUE, 'AAA-USDT'), text.encode(String(n)), 'latest')
  }
  expect(publisher.waiting).toBeLessThan(2010)
  await nats.restart()
  await publisher.drained()
  expect(await stored()).toHaveLength(2000)
  const last = await bus.lastOnSubject('MD', subjects.quote(VENUE, 'AAA-USDT'))
  expect(new TextDecoder().decode(last!.data)).toBe('2000')
})

test('a stream that is made later gets what was said before it was there', async () => {
  for (let n = 1; n <= 10; n++) void send(n)
  await ensureStream(nats.url, 'MD', ['md.>'], { memory: true })
  await publisher.drained()
  expect((await stored()).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(lost).toEqual([])
})
