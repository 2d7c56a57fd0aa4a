import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeJson, encodeTick, strategyEventSchema, us } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { expect, test } from 'vitest'
import { startWorld } from './lib-engine.ts'

const strategyOf = (act: string): string => `import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'
const kept: object[] = []
export default defineStrategy({
  name: 'hoarder', parameters: z.object({}),
  inputs: () => [{ kind: 'ticks', venue: 'recorded', instrument: 'XRP-ETH' }],
  state: () => ({ n: 0 }),
  onTick(_, state, tick) { state.n += 1; ${act} },
})
`
const MANY = `for (let i = 0; i < 500; i++) kept.push({ i, text: String(i + tick.price) })`
const ENDLESS = `while (state.n === 3) kept.push({ text: String(kept.length), list: [tick.price] })`

const OUTSIDE = {
  act: MANY,
  ticks: 15_000,
  heapMb: 400,
  told: /^it holds \d+ MB outside of its state; .*; mend it and/,
}
const AT_ONCE = { act: ENDLESS, ticks: 4, heapMb: 300, told: /^a handler took \d+ MB of memory on MD 3; mend it and/ }

test.each([
  ['more at every tick, outside of its state,', OUTSIDE],
  ['all there is, in one call,', AT_ONCE],
])(
  'a strategy that keeps %s ends the worker once; the next life halts it by name, and the neighbour goes on',
  async (_, { act, ticks, heapMb, told }) => {
    const world = await startWorld()
    const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-hoarder-'))
    try {
      const file = path.join(folder, 'hoarder.ts')
      writeFileSync(file, strategyOf(act))
      const neighbour = fileURLToPath(new URL('./strategies/tick-cross.ts', import.meta.url))
      const parameters = { venue: 'recorded', instrument: 'XRP-ETH', fast: 2, slow: 3 }
      await world.deploy([
        { strategy: 'hoarder', file, parameters: {} },
        { strategy: 'neighbour', file: neighbour, parameters },
      ])
      const events: StrategyEvent[] = []
      await world.bus.read({
        stream: 'CONTROL',
        fromSequence: 0,
        filterSubjects: ['strategy.event.*'],
        onMessage: ({ data }) => void events.push(decodeJson(strategyEventSchema, data, 'event')),
      })
      const said = (strategy: string, event: string) =>
        events.find((one) => one.strategy === strategy && one.event === event)
      const first = world.engine({
        NODE_OPTIONS: `--max-old-space-size=${heapMb} --max-semi-space-size=8`,
        CONTRAIL_HANDLER_MS: '60000',
      })
      await until('both run', () => Boolean(said('hoarder', 'started') && said('neighbour', 'started')), 20_000)
      const publisher = world.bus.windowedPublisher({ windowMessages: 16, onError: (error) => expect.unreachable(error.message) }) // prettier-ignore
      for (let id = 1; id <= ticks; id++) {
        const atUs = us(1_700_000_000_000_000 + id)
        const tick = { tradeId: String(id), side: 'buy', price: 1 + (id % 9), quantity: 1, venueTimeUs: atUs, receiveTimeUs: atUs } as const // prettier-ignore
        await publisher.send('md.ticks.recorded.XRP-ETH', encodeTick(tick))
      }
      await first.exited()
      expect(first.said).not.toMatch(/JavaScript heap out of memory/)
      const second = world.engine({})
      await until('it is halted', () => Boolean(said('hoarder', 'halted')), 20_000)
      expect(said('hoarder', 'halted')?.detail).toMatch(told)
      const url = await second.url()
      await until('the neighbour has seen all', async () => {
        const actors = await world.actors(url as string)
        const sequence = (await world.bus.streamState('MD'))?.lastSequence
        return actors.some(
          (one) => one.strategy === 'neighbour' && one.status === 'live' && one.cursors['MD']?.sequence === sequence,
        )
      })
    } finally {
      await world.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
  120_000,
)
