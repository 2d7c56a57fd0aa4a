import { describe, expect, it } from 'vitest'
import type { Bus } from './bus.ts'
import { bytes, textOf } from './contract.suite.ts'
import type { World } from './contract.suite.ts'
import { until } from '../testing/until.ts'

export async function fill(bus: Bus, subject: string, texts: string[]): Promise<void> {
  for (const text of texts) await bus.publish(subject, bytes(text))
}
export const letters = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function consumeContract(world: () => World): void {
  describe('consuming', () => {
    it('what was handled does not come again, what was not goes to the next in order', async () => {
      const { bus, other, ensureStream, ensureConsumer } = world()
      await ensureStream('CON1', ['con1.>'])
      await ensureConsumer('CON1', 'one')
      await fill(bus, 'con1.a', letters(10))
      const first: string[] = []
      const consumer = await bus.consume({
        stream: 'CON1',
        durable: 'one',
        onMessage: async (message) => {
          if (first.length === 4) void stopped()
          first.push(textOf(message.data))
          await turn()
        },
      })
      let stop: Promise<void> | undefined
      const stopped = () => (stop ??= consumer.stop())
      await until('five are handled', () => first.length === 5)
      await stop
      expect(first).toEqual(letters(5))
      const second: string[] = []
      const another = await other()
      const onMessage = async (message: { data: Uint8Array }) => void second.push(textOf(message.data))
      const next = await another.consume({ stream: 'CON1', durable: 'one', onMessage })
      await until('the other five', () => second.length >= 5)
      expect(second).toEqual(letters(10).slice(5))
      await next.stop()
    })

    it('a failure is tried again with the count of the attempt; one at a time keeps the order', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('CON2', ['con2.>'])
      await ensureConsumer('CON2', 'two')
      await fill(bus, 'con2.a', letters(4))
      const calls: string[] = []
      const problems: Error[] = []
      const consumer = await bus.consume({
        stream: 'CON2',
        durable: 'two',
        backoffMs: [1],
        onProblem: (problem) => problems.push(problem),
        onMessage: async (message, attempt) => {
          calls.push(`${textOf(message.data)}#${attempt}`)
          if (textOf(message.data) === '2' && attempt < 3) throw new Error('not yet')
        },
      })
      await until('all four', () => calls.includes('4#1'))
      expect(calls).toEqual(['1#1', '2#1', '2#2', '2#3', '3#1', '4#1'])
      expect(problems.map(({ cause }) => (cause as Error).message)).toEqual(['not yet', 'not yet'])
      await consumer.stop()
    })

    it('no more are in hand than allowed', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('CON3', ['con3.>'])
      await ensureConsumer('CON3', 'three')
      await fill(bus, 'con3.a', letters(60))
      let inHand = 0
      let most = 0
      let done = 0
      const consumer = await bus.consume({
        stream: 'CON3',
        durable: 'three',
        concurrency: 4,
        onMessage: async () => {
          most = Math.max(most, ++inHand)
          await turn()
          inHand--
          done++
        },
      })
      await until('all', () => done === 60)
      expect(most).toBe(4)
      await consumer.stop()
    })

    it('messages of one key are in order, and a failing key delays no other', async () => {
      const { bus, ensureStream, ensureConsumer } = world()
      await ensureStream('CON4', ['con4.>'])
      await ensureConsumer('CON4', 'four')
      for (let i = 1; i <= 30; i++) await bus.publish(`con4.k${i % 3}`, bytes(String(i)))
      const handled: Record<string, number[]> = { 'con4.k0': [], 'con4.k1': [], 'con4.k2': [] }
      let open: (() => void) | undefined
      const gate = new Promise<void>((resolve) => (open = resolve))
      const consumer = await bus.consume({
        stream: 'CON4',
        durable: 'four',
        concurrency: 8,
        backoffMs: [1],
        key: (message) => message.subject,
        onMessage: async (message, attempt) => {
          const number = Number(textOf(message.data))
          if (number === 4 && attempt === 1) throw new Error('once')
          if (number === 4) await gate
          handled[message.subject]?.push(number)
        },
      })
      await until('the other keys', () => handled['con4.k0']?.length === 10 && handled['con4.k2']?.length === 10)
      expect(handled['con4.k1']).toEqual([1])
      open?.()
      await until('the last key', () => handled['con4.k1']?.length === 10)
      expect(handled['con4.k1']).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28])
      await consumer.stop()
    })

    it('stopping waits for what is in hand', async () => {
      const { bus, other, ensureStream, ensureConsumer } = world()
      await ensureStream('CON5', ['con5.>'])
      await ensureConsumer('CON5', 'five')
      await fill(bus, 'con5.a', ['1'])
      let begun = false
      let ended = false
      let release: (() => void) | undefined
      const gate = new Promise<void>((resolve) => (release = resolve))
      const consumer = await bus.consume({
        stream: 'CON5',
        durable: 'five',
        onMessage: async () => {
          begun = true
          await gate
          ended = true
        },
      })
      await until('it is in hand', () => begun)
      const stop = consumer.stop().then(() => expect(ended).toBe(true))
      release?.()
      await stop
      const seen: string[] = []
      const another = await other()
      const onMessage = async (message: { data: Uint8Array }) => void seen.push(textOf(message.data))
      const next = await another.consume({ stream: 'CON5', durable: 'five', onMessage })
      await bus.publish('con5.a', bytes('2'))
      await until('the new one', () => seen.length > 0)
      expect(seen).toEqual(['2'])
      await next.stop()
    })
  })
}
