import { describe, expect, it } from 'vitest'
import type { Bus, BusMessage, StreamState } from './bus.ts'
import { bytes, textOf } from './contract.suite.ts'
import type { World } from './contract.suite.ts'
import { until } from '../testing/until.ts'

async function fill(bus: Bus, subject: (i: number) => string, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await bus.publish(subject(i), bytes(String(i)))
}
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

export function readContract(world: () => World): void {
  describe('reading', () => {
    it('hands on every message once, in order, old ones and new ones', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('READ1', ['read1.>'])
      await fill(bus, (i) => `read1.${i % 3}`, 50)
      const seen: BusMessage[] = []
      const onMessage = (message: BusMessage) => void seen.push(message)
      const reader = await bus.read({ stream: 'READ1', fromSequence: 1, onMessage })
      await fill(bus, (i) => `read1.${i % 3}`, 50)
      await until('100 messages', () => seen.length >= 100)
      expect(seen.map(({ sequence }) => sequence)).toEqual(numbers(1, 100))
      expect(seen[99]).toMatchObject({ stream: 'READ1', subject: 'read1.2', sequence: 100 })
      expect(reader.lastSequence).toBe(100)
      await reader.stop()
      await bus.publish('read1.a', bytes('after the stop'))
      expect(seen.length).toBe(100)
    })

    it('resumes at a sequence, and filters', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('READ2', ['read2.>'])
      await fill(bus, (i) => `read2.${i % 2 ? 'odd' : 'even'}.x`, 20)
      const [from, odd, two]: [number[], number[], number[]] = [[], [], []]
      const read = (into: number[], filterSubjects?: string[]) =>
        bus.read({
          stream: 'READ2',
          fromSequence: 11,
          onMessage: (message) => void into.push(message.sequence),
          ...(filterSubjects ? { filterSubjects } : {}),
        })
      const readers = [
        await read(from),
        await read(odd, ['read2.odd.*']),
        await read(two, ['read2.odd.*', 'read2.even.>']),
      ]
      await until('all', () => from.length === 10 && odd.length === 5 && two.length === 10)
      expect(from).toEqual(numbers(11, 20))
      expect(odd).toEqual([11, 13, 15, 17, 19])
      expect(two).toEqual(numbers(11, 20))
      await Promise.all(readers.map((reader) => reader.stop()))
    })

    it('waits for a handler that asks it to', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('READ3', ['read3.>'])
      await fill(bus, () => 'read3.a', 200)
      let inHand = 0
      const seen: number[] = []
      const reader = await bus.read({
        stream: 'READ3',
        fromSequence: 1,
        async onMessage(message) {
          expect(++inHand).toBe(1)
          await new Promise((resolve) => setImmediate(resolve))
          seen.push(message.sequence)
          inHand--
        },
      })
      await until('all', () => seen.length === 200)
      expect(seen).toEqual(numbers(1, 200))
      await reader.stop()
    })

    it('says so when the wanted sequence is gone', async () => {
      const { bus, ensureStream, discardBelow } = world()
      await ensureStream('READ4', ['read4.>'])
      await fill(bus, () => 'read4.a', 10)
      await discardBelow('READ4', 6)
      const lost: [string, StreamState | undefined][] = []
      const seen: number[] = []
      await bus.read({
        stream: 'READ4',
        fromSequence: 3,
        onMessage: (message) => void seen.push(message.sequence),
        onLost: (reason, state) => lost.push([reason, state]),
      })
      await until('the loss is told', () => lost.length > 0)
      expect(lost[0]?.[0]).toContain('3')
      expect(lost[0]?.[1]).toMatchObject({ firstSequence: 6, lastSequence: 10 })
      expect(seen).toEqual([])
      const whole: number[] = []
      const again = await bus.read({
        stream: 'READ4',
        fromSequence: 0,
        onMessage: (message) => void whole.push(message.sequence),
      })
      await until('what is left', () => whole.length === 5)
      expect(whole).toEqual(numbers(6, 10))
      await again.stop()
    })

    it('says so when the stream ends before the wanted sequence', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('READ5', ['read5.>'])
      await fill(bus, () => 'read5.a', 3)
      const lost: string[] = []
      await bus.read({ stream: 'READ5', fromSequence: 9, onMessage: () => {}, onLost: (reason) => lost.push(reason) })
      await until('the loss is told', () => lost.length > 0)
      const seen: number[] = []
      const onMessage = (message: BusMessage) => void seen.push(message.sequence)
      const reader = await bus.read({ stream: 'READ5', fromSequence: 4, onMessage })
      await bus.publish('read5.a', bytes('next'))
      await until('the next message', () => seen.length > 0)
      expect(seen).toEqual([4])
      await reader.stop()
    })

    it('a reader notices that the stream was made anew', async () => {
      const { bus, ensureStream, dropStream } = world()
      await ensureStream('READ6', ['read6.>'])
      await fill(bus, () => 'read6.a', 5)
      const before = await bus.streamState('READ6')
      const seen: string[] = []
      const lost: string[] = []
      await bus.read({
        stream: 'READ6',
        fromSequence: 1,
        onMessage: (message) => void seen.push(textOf(message.data)),
        onLost: (reason) => lost.push(reason),
      })
      await until('the first five', () => seen.length === 5)
      await dropStream('READ6')
      await ensureStream('READ6', ['read6.>'])
      await fill(bus, () => 'read6.a', 9)
      await until('the loss is told', () => lost.length > 0)
      expect(seen).toEqual(['1', '2', '3', '4', '5'])
      expect((await bus.streamState('READ6'))?.incarnation).not.toBe(before?.incarnation)
    })
  })
}
