import { afterAll, beforeAll, describe } from 'vitest'
import type { Bus } from './bus.ts'
import { consumeContract } from './contract-consume.suite.ts'
import { deadLetterContract } from './contract-dead.suite.ts'
import { kvContract } from './contract-kv.suite.ts'
import { publishContract } from './contract-publish.suite.ts'
import { readContract } from './contract-read.suite.ts'

/** What a suite needs beyond the bus: the hand of the operator. */
export type World = {
  /** The bus under test. */
  readonly bus: Bus
  /** Another service's connection to the same streams. */
  readonly other: () => Promise<Bus>
  readonly ensureStream: (name: string, subjects: string[]) => Promise<void>
  readonly dropStream: (name: string) => Promise<void>
  readonly discardBelow: (stream: string, sequence: number) => Promise<void>
  readonly ensureConsumer: (
    stream: string,
    durable: string,
    options?: { attemptsMax?: number; filter?: string[] },
  ) => Promise<void>
  readonly ensureBucket: (bucket: string) => Promise<void>
  readonly ensureObjects: (store: string) => Promise<void>
  readonly close: () => Promise<void>
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)

/** One suite, both buses. Every test has streams of its own, so that tests do not meet. */
export function busContract(name: string, makeWorld: () => Promise<World>): void {
  describe(`the bus over ${name}`, () => {
    let world: World | undefined
    const get = (): World => {
      if (!world) throw new Error('the world is not made yet')
      return world
    }
    beforeAll(async () => {
      world = await makeWorld()
      await world.ensureStream('DLQ', ['dlq.>', 'redrive.>', 'aside.>'])
    })
    afterAll(() => world?.close())
    publishContract(get)
    readContract(get)
    consumeContract(get)
    deadLetterContract(get)
    kvContract(get)
  })
}
