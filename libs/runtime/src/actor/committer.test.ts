import { expect, test } from 'vitest'
import { createMemoryBus } from '../bus/memory.ts'
import type { MemoryBus } from '../bus/memory.ts'
import type { Bus, PublishAck, PublishOptions } from '../bus/bus.ts'
import { PublishRefused, PublishUnknown } from '../bus/bus.ts'
import { systemClock } from '../clock.ts'
import { until } from '../testing/until.ts'
import { Committer } from './committer.ts'
import { overridden } from './testing.ts'

const SUBJECT = 'orders.signal.s'
const bytes = (text: string) => new TextEncoder().encode(text)

/** A bus whose next publishes end as told: stored or not, answered or not. */
function scripted(bus: MemoryBus, ...script: ('ok' | 'stored, no answer' | 'lost, no answer' | 'refused')[]) {
  const attempts: string[] = []
  const publish = async (subject: string, data: Uint8Array, options?: PublishOptions): Promise<PublishAck> => {
    attempts.push(new TextDecoder().decode(data))
    const how = script.shift() ?? 'ok'
    if (how === 'refused') throw new PublishRefused('too large')
    if (how === 'lost, no answer') throw new PublishUnknown('no answer')
    const ack = await bus.publish(subject, data, options)
    if (how === 'stored, no answer') throw new PublishUnknown('no answer')
    return ack
  }
  return { attempts, bus: overridden<Bus>(bus, { publish }) }
}

function committerOn(bus: Bus, ownSequence = 0) {
  const ends: Error[] = []
  const troubles: Error[] = []
  let rooms = 0
  const committer = new Committer({
    bus,
    clock: systemClock,
    stream: 'ORDERS',
    subject: SUBJECT,
    ownSequence,
    onRoom: () => (rooms += 1),
    onTrouble: (cause) => troubles.push(cause),
    onEnd: (cause) => ends.push(cause),
  })
  return { committer, ends, troubles, rooms: () => rooms }
}

async function stored(bus: Bus): Promise<string[]> {
  const { lastSequence } = (await bus.streamState('ORDERS')) ?? { lastSequence: 0 }
  const all: string[] = []
  for (let at = 1; at <= lastSequence; at++)
    all.push(new TextDecoder().decode((await bus.getMessage('ORDERS', at))?.data))
  return all
}

test('no answer, but stored: the message is adopted and not said again', async () => {
  const memory = createMemoryBus()
  const { bus, attempts } = scripted(memory, 'stored, no answer')
  const { committer, ends } = committerOn(bus)
  committer.offer(bytes('one'))
  await committer.idle()
  expect([attempts, await stored(memory), committer.ownSequence, ends]).toEqual([['one'], ['one'], 1, []])
})

test('no answer and not stored: my previous message is the last one, so it is published again', async () => {
  const memory = createMemoryBus()
  const { bus, attempts } = scripted(memory, 'ok', 'lost, no answer', 'lost, no answer')
  const { committer, ends } = committerOn(bus)
  committer.offer(bytes('one'))
  await committer.idle()
  committer.offer(bytes('two'))
  await committer.idle()
  expect(attempts).toEqual(['one', 'two', 'two', 'two'])
  expect([await stored(memory), committer.ownSequence, ends]).toEqual([['one', 'two'], 2, []])
})

test('no answer, and another epoch has spoken: fenced, and nothing more is said', async () => {
  const memory = createMemoryBus()
  const { bus, attempts } = scripted(memory, 'lost, no answer')
  await memory.publish(SUBJECT, bytes('mine before'))
  await memory.publish(SUBJECT, bytes(JSON.stringify({ kind: 'activated', epoch: 7, number: 3, worker: 'w9' })))
  const { committer, ends } = committerOn(bus, 1)
  committer.offer(bytes('stale'))
  committer.offer(bytes('stale too'))
  await until('it ended', () => ends.length === 1)
  expect(ends[0]).toMatchObject({ name: 'Fenced', message: 'epoch 7 by w9 wrote number 3 as message 2' })
  expect(attempts).toEqual(['stale'])
  expect((await stored(memory)).length).toBe(2)
})

test('wrong last sequence with another epoch is the same: fenced', async () => {
  const memory = createMemoryBus()
  await memory.publish(SUBJECT, bytes(JSON.stringify({ kind: 'activated', epoch: 2, number: 0, worker: 'w2' })))
  const { committer, ends } = committerOn(memory, 0)
  committer.offer(bytes('stale'))
  await until('it ended', () => ends.length === 1)
  expect(ends[0]?.name).toBe('Fenced')
  expect((await stored(memory)).length).toBe(1)
})

test('while nothing can be read back it waits, and says nothing else', async () => {
  const memory = createMemoryBus()
  const { committer, ends, rooms, troubles } = committerOn(memory)
  memory.setConnected(false)
  let looks = 0
  const read = memory.lastOnSubject.bind(memory)
  memory.lastOnSubject = async (stream, subject) => {
    looks += 1
    if (looks < 4) throw new Error('not connected')
    memory.setConnected(true)
    return read(stream, subject)
  }
  committer.offer(bytes('one'))
  committer.offer(bytes('two'))
  expect(committer.full).toBe(true)
  await committer.idle()
  expect([await stored(memory), ends, rooms(), troubles.length]).toEqual([['one', 'two'], [], 1, 3])
})

test('what the server refuses for good ends it with the cause', async () => {
  const { bus } = scripted(createMemoryBus(), 'refused')
  const { committer, ends } = committerOn(bus)
  committer.offer(bytes('one'))
  await until('it ended', () => ends.length === 1)
  expect(ends[0]).toMatchObject({ name: 'PublishRefused', message: 'too large' })
})

test('a third decision may not be offered', () => {
  const { committer } = committerOn(createMemoryBus())
  committer.offer(bytes('one'))
  committer.offer(bytes('two'))
  expect(() => committer.offer(bytes('three'))).toThrow('a third decision')
})
