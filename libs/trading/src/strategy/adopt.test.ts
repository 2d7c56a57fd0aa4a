import { expect, test } from 'vitest'
import { z } from 'zod'
import { encodeJson, encodeTick } from '@contrail/contracts'
import type { Us } from '@contrail/contracts'
import { testInstrument } from '../testing/messages.ts'
import { createStrategyActor } from './actor.ts'
import { adoptState } from './adopt.ts'
import { defineStrategy } from './api.ts'

/** What a self-contained bundle throws: a class of the same name that is not ours. */
class ForeignRefusal extends Error {
  override readonly name = 'Refusal'
}
class BundledLast {
  readonly #length: number
  #values: number[] = []
  constructor(length: number) {
    this.#length = length
  }
  update(value: number): void {
    this.#values = [...this.#values, value].slice(-this.#length)
  }
  snapshot(): unknown {
    return { length: this.#length, values: this.#values }
  }
  restore(state: unknown): void {
    const { length, values } = state as { length: number; values: number[] }
    if (length !== this.#length) throw new ForeignRefusal(`restore a snapshot of length ${this.#length}`)
    this.#values = values
  }
}

const definition = defineStrategy({
  name: 'adopted',
  parameters: z.object({ length: z.number() }),
  inputs: () => [{ kind: 'ticks', venue: 'sim', instrument: 'BTC-USDT' }],
  state: ({ length }) => ({ last: new BundledLast(length) }),
  onTick: (_, state, tick) => state.last.update(tick.price),
})
const instruments = [testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never })]
const actorOf = (length: number) =>
  createStrategyActor(definition, {
    strategy: 's',
    tenant: 'main',
    account: 'paper',
    parameters: { length },
    instruments,
  })
const tick = (sequence: number) => ({
  stream: 'MD',
  sequence,
  subject: 'md.ticks.sim.BTC-USDT',
  data: encodeTick({
    tradeId: String(sequence),
    side: 'buy',
    price: 100 + sequence,
    quantity: 1,
    venueTimeUs: sequence as Us,
    receiveTimeUs: sequence as Us,
  }),
})
const control = (command: string, atUs: number) => ({
  stream: 'CONTROL',
  sequence: 1,
  subject: 'strategy.control.s',
  data: encodeJson({ schema: 1, strategy: 's', command, by: 'me', reason: 'test', atUs }),
})

test('a state that fits is kept; one of another shape begins anew and the account stays', () => {
  const before = actorOf(3)
  for (const sequence of [1, 2, 3]) before.step(tick(sequence), 1)
  before.step(control('pause', 10), 1)
  const same = actorOf(3)
  expect(adoptState(same, before.snapshot(), true)).toBe('kept')
  expect(same.snapshot()).toEqual(before.snapshot())
  const other = actorOf(4)
  expect(adoptState(other, before.snapshot(), true)).toBe('fresh')
  expect(other.readout).toMatchObject({ paused: true, nowUs: 3 })
})

test('a command does not move the time of a recorded market', () => {
  const actor = actorOf(3)
  actor.step(control('start', 1_795_000_000_000_000), 1)
  actor.step(tick(7), 1)
  expect(actor.readout.nowUs).toBe(7)
})
