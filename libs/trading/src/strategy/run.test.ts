import { encodeJson, encodeQuote, encodeTick, us } from '@contrail/contracts'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { testInstrument } from '../testing/messages.ts'
import { createStrategyActor } from './actor.ts'
import type { StrategyActor } from './actor.ts'
import { defineStrategy } from './api.ts'
import { StrategyFailure } from './handlers.ts'
import type { StrategyInput, StrategyOutput, StrategyRun } from './program.ts'
import { takeRun } from './run.ts'

const [BTC, ETH] = ['BTC-USDT', 'ETH-USDT'] as const
const definition = defineStrategy({
  name: 'mixed',
  // It looks at the time and at prices on every so many ticks: what is not looked at is written later.
  parameters: z.strictObject({ poison: z.number().default(-1), looks: z.number().default(1) }),
  inputs: () => [
    { kind: 'ticks' as const, venue: 'sim', instrument: BTC },
    { kind: 'ticks' as const, venue: 'sim', instrument: ETH },
    { kind: 'quotes' as const, venue: 'sim', instrument: ETH },
  ],
  lookback: () => 3,
  state: () => ({ seen: 0, sum: 0, timers: 0 }),
  onTick(ctx, state, tick) {
    state.seen++
    if (state.seen % ctx.parameters.looks === 0) state.sum += tick.price * (ctx.lastPrice(ETH) ?? 1) + ctx.nowUs
    if (tick.price === ctx.parameters.poison) throw new Error('it is poison')
    if (state.seen % 5 === 0) ctx.note('sum', state.sum)
    if (state.seen % 7 === 0) ctx.buy({ instrument: tick.instrument, quantity: 1 })
    if (state.seen % 11 === 0) ctx.buy({ quantity: 0.00001 })
  },
  onQuote(ctx, state, quote) {
    state.sum += quote.bid
    if (state.seen % 13 === 0) ctx.cancelAll()
  },
  onTimer(_ctx, state) {
    state.timers++
  },
})

const actorOf = (parameters: object = {}): StrategyActor =>
  createStrategyActor(definition, {
    strategy: 's1',
    tenant: 'main',
    account: 'paper',
    parameters,
    instruments: [BTC, ETH].map((instrument) => testInstrument({ venue: 'sim', instrument } as never)),
  })

/** Inputs of all kinds, one of them not readable and one for nobody. */
function inputAt(sequence: number): StrategyInput {
  const times = { venueTimeUs: us(1), receiveTimeUs: us(1_000 + (sequence % 9)) }
  const of = (subject: string, data: Uint8Array) => ({ stream: 'MD', sequence, subject, data })
  switch ((sequence * 7) % 10) {
    case 0:
      return of('md.clock', encodeJson({ schema: 1, receiveTimeUs: 2_000 + sequence }))
    case 1:
      return of(`md.ticks.sim.${BTC}`, new Uint8Array(3))
    case 2:
      return of('md.ticks.sim.XRP-USDT', new Uint8Array(3))
    case 3:
      return of(
        `md.quotes.sim.${ETH}`,
        encodeQuote({ bid: sequence, bidQuantity: 1, ask: sequence + 1, askQuantity: 1, ...times }),
      )
    default: {
      const tick = {
        tradeId: String(sequence),
        side: 'buy' as const,
        price: 100 + (sequence % 17),
        quantity: 1,
        ...times,
      }
      return of(`md.ticks.sim.${sequence % 3 ? BTC : ETH}`, encodeTick(tick))
    }
  }
}

function runOf(actor: StrategyActor, inputs: readonly StrategyInput[], batch?: StrategyRun['batch']): StrategyRun {
  const subjects = [...new Set(inputs.map(({ subject }) => subject))]
  return {
    batch: batch ?? { inputs, sequences: Float64Array.from(inputs, ({ sequence }) => sequence), memo: undefined },
    order: Int32Array.from(inputs.keys()),
    meanings: Int32Array.from(inputs, ({ subject }) => subjects.indexOf(subject)),
    count: inputs.length,
    resolved: subjects.map((subject) => actor.resolve(subject)),
    at: 0,
  }
}

const control = (command: string): StrategyInput => ({
  stream: 'CONTROL',
  sequence: 1,
  subject: 'strategy.control.s1',
  data: encodeJson({ schema: 1, strategy: 's1', command, reason: 'x', by: 'y', atUs: 1 }),
})

test.each([1, 3, 1e9])(
  'runs of inputs come out as steps of one: decisions, state, reasons, refusals (looks: %s)',
  (looks) => {
    const [stepped, taken, beside] = [actorOf({ looks }), actorOf({ looks }), actorOf({ looks })]
    const progress = new Float64Array(32)
    const expected: StrategyOutput[] = []
    const made: StrategyOutput[] = []
    const third: StrategyOutput[] = []
    let sequence = 0
    const work = (actor: StrategyActor, run: StrategyRun, into: StrategyOutput[]) => {
      while (run.at < run.count) {
        const output = takeRun(actor, run, into.length + 1, progress)
        if (output === undefined) break
        expect([progress[0], progress[2 + run.at]]).toEqual([
          run.at,
          run.batch.sequences[run.order[run.at++] as number],
        ])
        into.push(output)
      }
      expect(run.at).toBe(run.count)
    }
    for (let round = 0; round < 60; round++) {
      const command = round % 10 === 4 ? 'pause' : round % 10 === 6 ? 'resume' : undefined
      const inputs = Array.from({ length: 1 + ((round * 5) % 23) }, () => inputAt(++sequence))
      if (command) inputs.splice(inputs.length >> 1, 0, control(command))
      for (const input of inputs) {
        const output = stepped.step(input, expected.length + 1)
        if (output !== undefined) expected.push(output)
      }
      const run = runOf(taken, inputs)
      work(taken, run, made)
      work(beside, runOf(beside, inputs, run.batch), third)
      expect(taken.snapshot()).toEqual(stepped.snapshot())
      expect(beside.snapshot()).toEqual(stepped.snapshot())
    }
    expect(expected.length).toBeGreaterThan(40)
    expect(made).toEqual(expected)
    expect(third).toEqual(expected)
    expect(stepped.readout.refused).toMatchObject({
      unreadable_input: expect.any(Number),
      not_warm: expect.any(Number),
    })
  },
)

test('the one that throws is told, with its input; what came before it has been applied', () => {
  const actor = actorOf({ poison: 105, looks: 1e9 })
  const inputs = [100, 101, 105, 106].map((price, index): StrategyInput => {
    const tick = { tradeId: 't', side: 'buy' as const, price, quantity: 1, venueTimeUs: us(1), receiveTimeUs: us(1) }
    return { stream: 'MD', sequence: index + 1, subject: `md.ticks.sim.${BTC}`, data: encodeTick(tick) }
  })
  const warm = { ...inputs[0], subject: `md.ticks.sim.${ETH}` } as StrategyInput
  for (let i = 0; i < 3; i++) actor.warmup(warm)
  const run = runOf(actor, inputs)
  expect(() => takeRun(actor, run, 1, new Float64Array(8))).toThrow(StrategyFailure)
  expect([run.at, (actor.readout.state as { seen: number }).seen]).toEqual([2, 6])
  expect(actor.snapshot().prices[`sim.${BTC}`]).toBe(105)
})

test('an author that writes into what all of them see is stopped there', () => {
  const writes = defineStrategy({
    name: 'writes',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'ticks' as const, venue: 'sim', instrument: BTC }],
    state: () => ({}),
    onTick: (_ctx, _state, tick) => void Object.assign(tick, { mine: 1 }),
  })
  const instruments = [testInstrument({ venue: 'sim', instrument: BTC } as never)]
  const actor = createStrategyActor(writes, {
    strategy: 's1',
    tenant: 'main',
    account: 'paper',
    parameters: {},
    instruments,
  })
  const run = runOf(actor, [inputAt(2)])
  expect(run.batch.inputs[0]?.subject).toBe(`md.ticks.sim.${BTC}`)
  expect(() => takeRun(actor, run, 1, new Float64Array(8))).toThrow(/onTick threw on MD 2 .*not extensible/)
})
