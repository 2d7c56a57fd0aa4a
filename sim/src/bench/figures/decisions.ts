import { subjects } from '@contrail/contracts'
import { startBare } from '../children.ts'
import type { Child } from '../children.ts'
import type { ProducerJob } from '../bare/producer.ts'
import { deploy, startEngine, undeployAll, until } from '../engine.ts'
import { atLeast, median, ratePerSecond, ratioOf } from '../stats.ts'
import { forgetMarket, lastSequence, stored } from '../world.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

/** Each has one decision in flight. */
const WRITERS = 200
/** The first and the last tenth are left out: the window fills, and empties. */
const EDGE = 0.1
const WAIT_MS_MAX = 120_000

/** Decisions stored per second by the server's own times, two hundred in flight, each fenced on its own subject. */
export const decisions: Figure = {
  name: 'decisions',
  title: 'decisions published and fenced, 200 actors that decide on every tick, 200 in flight',
  async run(world, tell) {
    const each = world.quick ? 20 : 60
    const producer = await startBare('producer', { url: world.natsUrl })
    const sink = await startBare('sink', { url: world.natsUrl })
    const [ours, bare]: [number[], number[]] = [[], []]
    for (let round = 0; round < (world.quick ? 1 : 4); round++) {
      bare.push(await bareRound(world, each, round))
      ours.push(await ourRound(world, producer, each, round))
    }
    await Promise.all([producer.stop(), sink.stop()])
    tell({
      figure: 'c',
      what: 'decisions/s, 200 in flight',
      value: ratioOf(ours, bare),
      unit: '%',
      target: atLeast(0.8),
      ours: median(ours),
      bare: median(bare),
      absoluteUnit: '/s',
      rounds: { ours, bare },
    })
  },
}

async function bareRound(world: World, each: number, round: number): Promise<number> {
  const after = await lastSequence(world, 'ORDERS')
  const names = Array.from({ length: WRITERS }, (_, index) => subjects.signal(`db${round}-${index}-${world.run}`))
  const decider = await startBare('decider', { url: world.natsUrl, subjects: names, each })
  await decider.ask('go')
  await decider.stop()
  return rateBehind(world, after)
}

async function ourRound(world: World, producer: Child, each: number, round: number): Promise<number> {
  await forgetMarket(world)
  const strategies = Array.from({ length: WRITERS }, (_, index) => ({
    strategy: `do${round}-${index}-${world.run}`,
    instruments: [world.instruments[index % world.instruments.length] as string],
    every: 1,
  }))
  await deploy(world, strategies)
  const engine = await startEngine(world)
  await engine.live(WRITERS)
  const after = await lastSequence(world, 'ORDERS')
  const job: ProducerJob = {
    subjects: world.tickSubjects,
    count: each * world.instruments.length,
    ratePerSecond: 0,
    marked: false,
  }
  await producer.ask(job)
  const all = WRITERS * each
  await until(`${all} decisions are stored`, WAIT_MS_MAX, async () => {
    return (await lastSequence(world, 'ORDERS')) >= after + all
  })
  const rate = await rateBehind(world, after)
  await engine.stop()
  await undeployAll(world)
  return rate
}

async function rateBehind(world: World, after: number): Promise<number> {
  const all = await stored(world, 'ORDERS', { after, through: await lastSequence(world, 'ORDERS') })
  const edge = Math.floor(all.length * EDGE)
  const middle = all.slice(edge, all.length - edge)
  return ratePerSecond(middle.length, middle[0]?.timeUs ?? 0, middle.at(-1)?.timeUs ?? 0)
}
