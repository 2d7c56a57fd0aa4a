import { deadLetterSchema, decodeJson, refuse } from '@contrail/contracts'
import { describe, expect, it } from 'vitest'
import type { Bus, BusMessage } from './bus.ts'
import { fill, letters } from './contract-consume.suite.ts'
import { bytes, textOf } from './contract.suite.ts'
import type { World } from './contract.suite.ts'
import { redrive } from './redrive.ts'
import { until } from '../testing/until.ts'

async function letterOn(bus: Bus, subject: string) {
  let message: BusMessage | undefined
  await until(`a dead letter on ${subject}`, async () => {
    message = await bus.lastOnSubject('DLQ', subject)
    return message !== undefined
  })
  const letter = message as BusMessage
  return { ...decodeJson(deadLetterSchema, letter.data, 'deadLetter'), at: letter.sequence }
}

export function deadLetterContract(world: () => World): void {
  describe('dead letters', () => {
    it('a message that fails for good is kept with its cause and delays nobody after it', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('DEAD1', ['dead1.>'])
      await ensureConsumer('DEAD1', 'one', { attemptsMax: 3 })
      await fill(bus, 'dead1.a', letters(3))
      const calls: string[] = []
      const dead: string[] = []
      const consumer = await bus.consume({
        stream: 'DEAD1',
        durable: 'one',
        backoffMs: [1],
        onMessage: async (message, attempt) => {
          calls.push(`${textOf(message.data)}#${attempt}`)
          if (textOf(message.data) === '2') throw new Error('broken', { cause: new Error('by design') })
        },
        onDead: async (message, cause, attempts) => void dead.push(`${message.sequence} ${cause.message} ${attempts}`),
      })
      await until('the third is handled', () => calls.includes('3#1'))
      const letter = await letterOn(bus, 'dlq.DEAD1.one')
      expect(letter).toMatchObject({ stream: 'DEAD1', consumer: 'one', subject: 'dead1.a', sequence: 2, attempts: 3 })
      expect(letter.cause).toBe('Error: broken <- Error: by design')
      expect(Buffer.from(letter.data, 'base64').toString()).toBe('2')
      expect(calls).toEqual(['1#1', '2#1', '2#2', '2#3', '3#1'])
      expect(dead).toEqual(['2 broken 3'])
      await consumer.stop()
    })

    it('a malformed message gets no second attempt', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('DEAD2', ['dead2.>'])
      await ensureConsumer('DEAD2', 'two')
      await fill(bus, 'dead2.a', ['poison', 'good'])
      const calls: string[] = []
      const consumer = await bus.consume({
        stream: 'DEAD2',
        durable: 'two',
        onMessage: async (message, attempt) => {
          calls.push(`${textOf(message.data)}#${attempt}`)
          if (textOf(message.data) === 'poison') throw refuse('bad_json', 'signal', 'poison', 'send JSON')
        },
      })
      await until('the good one', () => calls.includes('good#1'))
      expect(calls).toEqual(['poison#1', 'good#1'])
      expect(await letterOn(bus, 'dlq.DEAD2.two')).toMatchObject({ sequence: 1, attempts: 1 })
      await consumer.stop()
    })

    it('a dead letter is put back once, to its own consumer, as it was', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('DEAD3', ['dead3.>'])
      await ensureConsumer('DEAD3', 'three', { attemptsMax: 1 })
      await fill(bus, 'dead3.a', ['1'])
      let broken = true
      const handled: BusMessage[] = []
      const consumer = await bus.consume({
        stream: 'DEAD3',
        durable: 'three',
        onMessage: async (message) => {
          if (broken) throw new Error('the database is away')
          handled.push(message)
        },
      })
      const { at } = await letterOn(bus, 'dlq.DEAD3.three')
      broken = false
      await redrive(bus, at)
      await until('it is handled', () => handled.length > 0)
      expect(handled[0]).toMatchObject({ subject: 'dead3.a', stream: 'DEAD3', sequence: 1 })
      expect(textOf(handled[0]?.data)).toBe('1')
      await expect(redrive(bus, at)).rejects.toMatchObject({ code: 'already_redriven' })
      await bus.publish('dead3.a', bytes('2'))
      await until('the next one', () => handled.length > 1)
      expect(handled.map(({ sequence }) => sequence)).toEqual([1, 2])
      expect((await bus.streamState('DEAD3'))?.lastSequence).toBe(2)
      await consumer.stop()
    })

    it('a redriven letter that fails again is a letter again, with the original message', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('DEAD4', ['dead4.>'])
      await ensureConsumer('DEAD4', 'four', { attemptsMax: 1 })
      await fill(bus, 'dead4.a', ['1'])
      const consumer = await bus.consume({
        stream: 'DEAD4',
        durable: 'four',
        onMessage: async () => {
          throw new Error('never')
        },
      })
      const first = await letterOn(bus, 'dlq.DEAD4.four')
      await redrive(bus, first.at)
      await until('a second letter', async () => (await letterOn(bus, 'dlq.DEAD4.four')).at > first.at)
      const second = await letterOn(bus, 'dlq.DEAD4.four')
      expect(second).toMatchObject({ stream: 'DEAD4', consumer: 'four', subject: 'dead4.a', sequence: 1 })
      expect(second.data).toBe(first.data)
      await consumer.stop()
    })

    it('what is no dead letter cannot be put back', async () => {
      await expect(redrive(world().bus, 999_999)).rejects.toMatchObject({ code: 'not_found', field: 'deadLetter' })
    })
  })
}
