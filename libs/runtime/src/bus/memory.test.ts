import { describe, expect, it } from 'vitest'
import { PublishUnknown } from './bus.ts'
import { busContract, bytes } from './contract.suite.ts'
import { createMemoryBus } from './memory.ts'

busContract('memory', async () => {
  const bus = createMemoryBus({ streams: [] })
  return {
    bus,
    other: async () => bus,
    ensureStream: async (name, subjects) => bus.ensureStream(name, subjects),
    dropStream: async (name) => bus.dropStream(name),
    discardBelow: async (stream, sequence) => bus.discardBelow(stream, sequence),
    ensureConsumer: async (stream, durable, options) => bus.ensureConsumer(stream, durable, options),
    ensureBucket: async (bucket) => bus.ensureStream(`KV_${bucket}`, []),
    ensureObjects: async () => undefined,
    close: () => bus.close(),
  }
})

describe('the memory bus alone', () => {
  it("has the platform's streams when none are named", async () => {
    const bus = createMemoryBus()
    const ack = await bus.publish('orders.signal.s1', bytes('x'), { expectedLastSubjectSequence: 0 })
    expect(ack).toEqual({ stream: 'ORDERS', sequence: 1, duplicate: false })
    await bus.close()
  })

  it('does not know whether a message was stored while it was away', async () => {
    const bus = createMemoryBus()
    const states: string[] = []
    bus.onStatus((status) => states.push(status))
    bus.setConnected(false)
    await expect(bus.publish('md.clock', bytes('x'))).rejects.toBeInstanceOf(PublishUnknown)
    expect(bus.connected).toBe(false)
    bus.setConnected(true)
    expect((await bus.publish('md.clock', bytes('x'))).sequence).toBe(1)
    expect(states).toEqual(['disconnected', 'connected'])
    await bus.close()
  })
})
