import { subjects } from '@contrail/contracts'
import { startBare } from '../children.ts'
import type { Child } from '../children.ts'
import type { ProducerJob, Produced } from '../bare/producer.ts'
import { deploy, startEngine, undeployAll, until } from '../engine.ts'
import type { BenchStrategy, Engine } from '../engine.ts'
import type { Row } from '../report.ts'
import { atLeast, median, ratePerSecond, ratioOf } from '../stats.ts'
import { causeOf, forgetMarket, lastSequence, stored } from '../world.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

const ACTORS = [1, 100, 1_000] as const
const SEEN = [1, 10, 50] as const
const TARGETS: Record<(typeof ACTORS)[number], number> = { 1: 0.8, 100: 0.7, 1_000: 0.5 }
/** Ticks of a round: enough for a while; fewer where each of them goes to many actors. */
const TICKS_MAX = 100_000
const TICKS_MIN = 10_000
const APPLIED_MAX = 6_000_000
const WAIT_MS_MAX = 120_000

/** One who reads MD, can be stopped while MD fills up, and answers the first and the last tick. */
type Reader = { readonly strategy: string; readonly process: Pick<Engine, 'pause' | 'resume' | 'stop'> }

/**
 * Both readers are stopped, MD is filled, then one after the other goes on and works the same messages off. Each answers
 * the first and the last tick; the rate is the ticks between by the server's own times of the two answers.
 */
export const sustained: Figure = {
  name: 'sustained',
  title: 'highest sustained ticks per second through one engine worker, 50 instruments on the stream',
  async run(world, tell) {
    const producer = await startBare('producer', { url: world.natsUrl })
    const bareStrategy = `rate-b-${world.run}`
    const bareWorker = await startBare('worker', {
      url: world.natsUrl,
      filter: '',
      output: subjects.signal(bareStrategy),
      every: 0,
    })
    const bare = { strategy: bareStrategy, process: bareWorker }
    bareWorker.pause()
    for (const actors of world.quick ? ([1, 100] as const) : ACTORS)
      for (const seen of world.quick ? ([10] as const) : SEEN)
        tell(await oneCase(world, { producer, bare, actors, seen }))
    bareWorker.resume()
    await Promise.all([producer.stop(), bareWorker.stop()])
  },
}

async function oneCase(
  world: World,
  at: { producer: Child; bare: Reader; actors: (typeof ACTORS)[number]; seen: (typeof SEEN)[number] },
): Promise<Row> {
  const { producer, bare, actors, seen } = at
  const perTick = (actors * seen) / world.instruments.length
  const ticks = Math.round(Math.min(TICKS_MAX, Math.max(TICKS_MIN, APPLIED_MAX / perTick)))
  const ours = await startOurs(world, actors, seen)
  const hand = await startByHand(world, actors, seen)
  const readers = [bare, ours, hand]
  const rates = new Map<Reader, number[]>(readers.map((reader) => [reader, []]))
  // The first round of each is warm-up.
  for (let round = 0; round <= (world.quick ? 1 : 3); round++) {
    const job: ProducerJob = { subjects: world.tickSubjects, count: ticks, ratePerSecond: 0, marked: true }
    const produced = await producer.ask<Produced>(job)
    for (const reader of round % 2 === 0 ? readers : readers.toReversed()) {
      const rate = await workOff(world, reader, produced)
      if (round > 0) rates.get(reader)?.push(rate)
    }
  }
  ours.process.resume()
  await ours.process.stop()
  await undeployAll(world)
  hand.process.resume()
  await hand.process.stop()
  const [bareRates = [], ourRates = [], handRates = []] = readers.map((reader) => rates.get(reader))
  const applied = median(ourRates) * perTick
  return {
    figure: 'b',
    what: `ticks/s, ${actors} ${actors === 1 ? 'actor' : 'actors'} x ${seen} of 50 instruments`,
    value: ratioOf(ourRates, bareRates),
    unit: '%',
    target: atLeast(TARGETS[actors]),
    ours: median(ourRates),
    bare: median(bareRates),
    absoluteUnit: '/s',
    rounds: { ours: ourRates, bare: bareRates },
    note:
      `${perTick} actors take each tick: ${Math.round(applied).toLocaleString('en')} inputs applied per second; ` +
      `${Math.round(100 * ratioOf(ourRates, handRates))} % of the same fan-out in a loop by hand`,
  }
}

async function startOurs(world: World, actors: number, seen: number): Promise<Reader> {
  await forgetMarket(world)
  const nameOf = (index: number) => `r${actors}x${seen}-${index}-${world.run}`
  const strategies: BenchStrategy[] = Array.from({ length: actors }, (_, index) => ({
    strategy: nameOf(index),
    instruments: Array.from({ length: seen }, (_, step) => world.instruments[(index + step) % 50] as string),
    answers: index === 0,
  }))
  await deploy(world, strategies)
  const engine = await startEngine(world)
  await engine.live(actors)
  engine.pause()
  return { strategy: nameOf(0), process: engine }
}

/** The bare consumer, with one small state per actor that each of its ticks is added to. No trail, no fence, no copy. */
async function startByHand(world: World, actors: number, seen: number): Promise<Reader> {
  const strategy = `h${actors}x${seen}-${world.run}`
  const worker = await startBare('worker', {
    url: world.natsUrl,
    filter: '',
    output: subjects.signal(strategy),
    every: 0,
    listeners: { subjects: world.tickSubjects, count: actors, each: seen },
  })
  worker.pause()
  return { strategy, process: worker }
}

/** Ticks per second. The reader is paused before and after. */
async function workOff(world: World, reader: Reader, produced: Produced): Promise<number> {
  const after = await lastSequence(world, 'ORDERS')
  const filterSubjects = [subjects.signal(reader.strategy)]
  reader.process.resume()
  let answers: number[] = []
  await until(`${reader.strategy} has read through ${produced.lastSequence}`, WAIT_MS_MAX, async () => {
    const through = await lastSequence(world, 'ORDERS')
    const own = await stored(world, 'ORDERS', { after, through, filterSubjects })
    const edges = [produced.firstSequence, produced.lastSequence]
    answers = own.filter(({ data }) => edges.includes(causeOf(data))).map(({ timeUs }) => timeUs)
    return answers.length === 2
  })
  reader.process.pause()
  const [firstUs = 0, lastUs = 0] = answers
  return ratePerSecond(produced.lastSequence - produced.firstSequence + 1, firstUs, lastUs)
}
