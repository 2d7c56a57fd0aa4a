import { describe, expect, it } from 'vitest'
import { PublishRefused, WrongLastSequence } from './bus.ts'
import { bytes, textOf } from './contract.suite.ts'
import type { World } from './contract.suite.ts'
import { until } from '../testing/until.ts'

export function publishContract(world: () => World): void {
  describe('publishing', () => {
    it('an acknowledged message has a sequence that grows, and is there', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('PUB1', ['pub1.>'])
      const first = await bus.publish('pub1.a', bytes('one'))
      const second = await bus.publish('pub1.b', bytes('two'), { headers: { Kind: 'test' } })
      expect([first, second]).toEqual([
        { stream: 'PUB1', sequence: 1, duplicate: false },
        { stream: 'PUB1', sequence: 2, duplicate: false },
      ])
      const last = await bus.lastOnSubject('PUB1', 'pub1.b')
      expect([textOf(last?.data), last?.sequence, last?.headers['Kind']]).toEqual(['two', 2, 'test'])
      expect(textOf((await bus.getMessage('PUB1', 1))?.data)).toBe('one')
      expect(last?.timeUs).toBeGreaterThan(1_600_000_000_000_000)
      expect(await bus.streamState('PUB1')).toMatchObject({ firstSequence: 1, lastSequence: 2 })
    })

    it('what is not there is undefined', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('PUB2', ['pub2.>'])
      expect(await bus.lastOnSubject('PUB2', 'pub2.a')).toBeUndefined()
      expect(await bus.getMessage('PUB2', 7)).toBeUndefined()
      expect(await bus.streamState('NO_SUCH')).toBeUndefined()
      expect(await bus.streamState('PUB2')).toMatchObject({ firstSequence: 1, lastSequence: 0 })
    })

    it('a message is refused unless the last one of its subject is the expected one', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('PUB3', ['pub3.>'])
      const fenced = (sequence: number) => bus.publish('pub3.a', bytes('x'), { expectedLastSubjectSequence: sequence })
      await expect(fenced(1)).rejects.toBeInstanceOf(WrongLastSequence)
      expect((await fenced(0)).sequence).toBe(1)
      await bus.publish('pub3.other', bytes('y'))
      await expect(fenced(0)).rejects.toBeInstanceOf(WrongLastSequence)
      expect((await fenced(1)).sequence).toBe(3)
      expect((await bus.streamState('PUB3'))?.lastSequence).toBe(3)
    })

    it('a message id that was seen is stored once', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('PUB4', ['pub4.>'])
      await bus.publish('pub4.a', bytes('x'), { messageId: 'm1' })
      const again = await bus.publish('pub4.b', bytes('x'), { messageId: 'm1' })
      expect(again).toEqual({ stream: 'PUB4', sequence: 1, duplicate: true })
      expect((await bus.streamState('PUB4'))?.lastSequence).toBe(1)
    })

    it('a message is refused unless the last one of the stream has the expected id', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('PUB4B', ['pub4b.>'])
      const send = (messageId: string, after?: string) =>
        bus.publish(
          `pub4b.${messageId}`,
          bytes('x'),
          after ? { messageId, expectedLastMessageId: after } : { messageId },
        )
      const all = await Promise.allSettled([send('m1'), send('m2', 'm1'), send('m4', 'm3'), send('m5', 'm4')])
      expect(all.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
      expect((all[3] as PromiseRejectedResult).reason).toBeInstanceOf(WrongLastSequence)
      expect((await bus.streamState('PUB4B'))?.lastSequence).toBe(2)
      expect((await send('m3', 'm2')).sequence).toBe(3)
    })

    it('a subject that no stream stores is refused', async () => {
      await expect(world().bus.publish('nowhere.a', bytes('x'))).rejects.toBeInstanceOf(PublishRefused)
    })

    it('a window sends all in order and holds the sender when it is full', async () => {
      const { bus, ensureStream } = world()
      await ensureStream('PUB5', ['pub5.>'])
      const errors: Error[] = []
      const publisher = bus.windowedPublisher({ windowMessages: 32, onError: (error) => errors.push(error) })
      let waited = 0
      for (let i = 1; i <= 2000; i++) {
        const full = publisher.send('pub5.a', bytes(String(i)))
        if (full) {
          waited++
          await full
        }
      }
      await publisher.drained()
      expect(errors).toEqual([])
      expect(waited).toBeGreaterThan(0)
      expect((await bus.streamState('PUB5'))?.lastSequence).toBe(2000)
      expect(textOf((await bus.getMessage('PUB5', 1234))?.data)).toBe('1234')
    })

    it('a window tells each message that was not stored', async () => {
      const { bus } = world()
      const failed: string[] = []
      const publisher = bus.windowedPublisher({
        windowMessages: 8,
        onError: (error, subject, data) => failed.push(`${error.name} ${subject} ${textOf(data)}`),
      })
      for (let i = 1; i <= 3; i++) await publisher.send('nowhere.b', bytes(String(i)))
      await publisher.drained()
      expect(failed.sort()).toEqual([1, 2, 3].map((i) => `PublishRefused nowhere.b ${i}`))
    })

    it('a live subscription sees what is published from then on', async () => {
      const { bus, other, ensureStream } = world()
      await ensureStream('PUB6', ['pub6.>'])
      await bus.publish('pub6.a', bytes('before'))
      const seen: string[] = []
      const listener = await other()
      const subscription = listener.subscribe('pub6.*', (subject, data) => seen.push(`${subject} ${textOf(data)}`))
      await until('the subscription sees a message', async () => {
        await bus.publish('pub6.b', bytes('now'))
        return seen.length > 0
      })
      subscription.stop()
      expect(new Set(seen)).toEqual(new Set(['pub6.b now']))
    })
  })
}
