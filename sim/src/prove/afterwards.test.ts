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
export default defineStrategy({
  name: 'unruly', parameters: z.object({}),
  inputs: () => [{ kind: 'ticks', venue: 'recorded', instrument: 'XRP-ETH' }],
  state: () => ({ n: 0 }),
  onTick(_, state) { state.n += 1; if (state.n === 3) { ${act} } },
})
`

test.each([
  ['a timer', `setTimeout(() => { throw new Error('too late') }, 1)`, /too late at unruly\.ts:7, after its handler/],
  ['a promise', `void Promise.resolve().then(() => { throw new Error('later') })`, /later at unruly\.ts:7, after its/],
  ['an end of the process', `process.exit(0)`, /a handler ended the process; mend it/],
])(
  '%s of a handler ends the worker once; the next life halts its strategy by name, and the neighbour goes on',
  async (_, act, told) => {
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
      const first = world.engine({})
      await until('both run', () => Boolean(said('unruly', 'started') && said('neighbour', 'started')), 20_000)
      for (let id = 1; id <= 4; id++) {
        const atUs = us(1_700_000_000_000_000 + id)
        const tick = { tradeId: String(id), side: 'buy', price: 1, quantity: 1, venueTimeUs: atUs, receiveTimeUs: atUs } as const // prettier-ignore
        await world.bus.publish('md.ticks.recorded.XRP-ETH', encodeTick(tick))
      }
      await first.exited()
      const second = world.engine({})
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
  90_000,
)
