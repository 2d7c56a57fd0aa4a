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
  name: 'unruly', parameters: z.object({}),
  inputs: () => [{ kind: 'ticks', venue: 'recorded', instrument: 'XRP-ETH' }],
  state: () => ({ n: 0 }),
  onTick(_, state, tick) { state.n += 1; ${act} },
})
`
const third = (act: string): string => `if (state.n === 3) { ${act} }`
const heapOf = (mb: number) => ({
  NODE_OPTIONS: `--max-old-space-size=${mb} --max-semi-space-size=8`,
  CONTRAIL_HANDLER_MS: '60000',
})

type Case = { act: string; told: RegExp; env?: Record<string, string>; ticks?: number; exit?: string }
const CASES: [string, Case][] = [
  [
    'never returns',
    {
      act: 'while (state.n === 3) state.n += 0',
      env: { CONTRAIL_HANDLER_MS: '500' },
      exit: 'SIGKILL',
      told: /did not come back within 0.5 s on MD 3: an endless loop/,
    },
  ],
  [
    'leaves a timer behind that throws',
    {
      act: third(`setTimeout(() => { throw new Error('too late') }, 1)`),
      told: /too late at unruly\.ts:8, after its handler/,
    },
  ],
  [
    'leaves a promise behind that fails',
    {
      act: third(`void Promise.resolve().then(() => { throw new Error('later') })`),
      told: /later at unruly\.ts:8, after its/,
    },
  ],
  ['ends the process', { act: third('process.exit(0)'), told: /a handler ended the process; mend it/ }],
  [
    'keeps more at every tick, outside of its state',
    {
      // In a function that a built-in one calls: it is never compiled into ours (memory.ts).
      act: 'kept.push(Array.from({ length: 500 }, (_, i) => ({ i, text: String(i + tick.price) })))',
      ticks: 15_000,
      env: heapOf(400),
      told: /^it holds \d+ MB outside of its state; .*; mend it and/,
    },
  ],
  [
    'takes all memory in one call',
    {
      act: 'while (state.n === 3) kept.push({ text: String(kept.length), list: [tick.price] })',
      env: heapOf(300),
      told: /^a handler took \d+ MB of memory on MD 3; mend it and/,
    },
  ],
]

test.each(CASES)(
  'a strategy that %s ends the worker once; the next life halts it by name, and the neighbour goes on',
  async (_, { act, told, env = {}, ticks = 4, exit }) => {
    const world = await startWorld()
    const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-unruly-'))
    try {
      const file = path.join(folder, 'unruly.ts')
      writeFileSync(file, strategyOf(act))
      const neighbour = fileURLToPath(new URL('./strategies/tick-cross.ts', import.meta.url))
      const parameters = { venue: 'recorded', instrument: 'XRP-ETH', fast: 2, slow: 3 }
      await world.deploy([
        { strategy: 'unruly', file, parameters: {} },
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
      const first = world.engine(env)
      await until('both run', () => Boolean(said('unruly', 'started') && said('neighbour', 'started')), 20_000)
      const onError = (error: Error) => expect.unreachable(error.message)
      const publisher = world.bus.windowedPublisher({ windowMessages: 16, onError })
      for (let id = 1; id <= ticks; id++) {
        const atUs = us(1_700_000_000_000_000 + id)
        const trade = { tradeId: String(id), side: 'buy', price: 1 + (id % 9), quantity: 1 } as const
        const data = encodeTick({ ...trade, venueTimeUs: atUs, receiveTimeUs: atUs })
        await publisher.send('md.ticks.recorded.XRP-ETH', data)
      }
      const ended = await first.exited()
      if (exit) expect(ended).toBe(exit)
      expect(first.said).not.toMatch(/JavaScript heap out of memory/)
      const second = world.engine({ CONTRAIL_HANDLER_MS: env['CONTRAIL_HANDLER_MS'] ?? '5000' })
      await until('it is halted', () => Boolean(said('unruly', 'halted')), 20_000)
      expect(said('unruly', 'halted')?.detail).toMatch(told)
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
