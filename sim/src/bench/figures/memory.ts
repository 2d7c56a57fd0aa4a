import { deploy, startEngine, undeployAll } from '../engine.ts'
import type { MemoryUse } from '../inspector.ts'
import { memoryAfterGc } from '../inspector.ts'
import { atMost } from '../stats.ts'
import { forgetMarket } from '../world.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

const FEW = 1
const KILO = 1_000

/** Heap and external memory after a full collection, with one actor and with many; the strategy's own state is four numbers. */
export const memory: Figure = {
  name: 'memory',
  title: 'memory of an actor beyond its own state: heap + external after full collections, through the inspector',
  async run(world, tell) {
    const many = world.quick ? 201 : 1_001
    const few = await measured(world, FEW)
    const all = await measured(world, many)
    const each = (of: (use: MemoryUse) => number) => (of(all) - of(few)) / (many - FEW) / KILO
    tell({
      figure: 'g',
      what: `memory per actor, ${FEW} against ${many}`,
      value: each(({ heapUsed, external }) => heapUsed + external),
      unit: 'kB',
      target: atMost(30),
      note:
        `resident: ${each(({ rss }) => rss).toFixed(0)} kB per actor; ` +
        `worker with ${FEW}: ${mega(few)}, with ${many}: ${mega(all)}`,
    })
  },
}

async function measured(world: World, actors: number): Promise<MemoryUse> {
  await forgetMarket(world)
  const strategies = Array.from({ length: actors }, (_, index) => ({
    strategy: `m${actors}-${index}-${world.run}`,
    instruments: [world.instruments[index % world.instruments.length] as string],
  }))
  await deploy(world, strategies)
  const engine = await startEngine(world, { nodeFlags: ['--inspect=127.0.0.1:0'] })
  await engine.live(actors)
  const use = await memoryAfterGc(await engine.inspectorUrl)
  await engine.stop()
  await undeployAll(world)
  return use
}

const mega = ({ rss, heapUsed }: MemoryUse): string =>
  `${(rss / KILO / KILO).toFixed(0)} MB resident, ${(heapUsed / KILO / KILO).toFixed(0)} MB heap`
