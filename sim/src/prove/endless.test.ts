import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeJson, encodeTick, strategyEventSchema, us } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { expect, test } from 'vitest'
import { startWorld } from './lib-engine.ts'

const ENDLESS = `import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'
export default defineStrategy({
  name: 'endless', parameters: z.object({}),
  inputs: () => [{ kind: 'ticks', venue: 'recorded', instrument: 'XRP-ETH' }],
  state: () => ({ n: 0 }),
  onTick(_, state) { state.n += 1; while (state.n === 3) state.n += 0 },
})
`

test('a handler that never returns is ended by its budget and halted by name; its neighbour goes on', async () => {
  const world = await startWorld()
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-endless-'))
  try {
    const file = path.join(folder, 'endless.ts')
    writeFileSync(file, ENDLESS)
    const neighbour = fileURLToPath(new URL('./strategies/tick-cross.ts', import.meta.url))
    const parameters = { venue: 'recorded', instrument: 'XRP-ETH', fast: 2, slow: 3 }
    await world.deploy([
      { strategy: 'endless', file, parameters: {} },
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
    const tick = async (id: number) => {
      const atUs = us(1_700_000_000_000_000 + id)
      const data = encodeTick({ tradeId: String(id), side: 'buy', price: 1, quantity: 1, venueTimeUs: atUs, receiveTimeUs: atUs }) // prettier-ignore
      await world.bus.publish('md.ticks.recorded.XRP-ETH', data)
    }
    const first = world.engine({ CONTRAIL_HANDLER_MS: '500' })
    await until('both run', () => Boolean(said('endless', 'started') && said('neighbour', 'started')), 20_000)
    for (let id = 1; id <= 4; id++) await tick(id)
    expect(await first.exited()).toBe('SIGKILL')
    const second = world.engine({ CONTRAIL_HANDLER_MS: '500' })
    await until('it is halted', () => Boolean(said('endless', 'halted')), 20_000)
    expect(said('endless', 'halted')?.detail).toMatch(/did not come back within 0.5 s on MD 3: an endless loop/)
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
}, 90_000)
