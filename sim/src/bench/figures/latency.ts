import { subjects } from '@contrail/contracts'
import { startBare } from '../children.ts'
import type { Child } from '../children.ts'
import type { ProducerJob, Produced } from '../bare/producer.ts'
import { deploy, startEngine, undeployAll, until } from '../engine.ts'
import { atMost, median, percentile, ratioOf } from '../stats.ts'
import { causeOf, forgetMarket, lastSequence, stored } from '../world.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

const RATE_PER_SECOND = 1_000
/** Decides on every tenth tick. */
const EVERY = 10
/** Part of a round that is warm-up: code that is not yet compiled is not the steady state of either chain. */
const WARM_UP = 0.25
const WAIT_MS_MAX = 30_000

type Round = { readonly p50: number; readonly p99: number }

/**
 * From the server's own clock: the time at which the decision was stored minus the time at which its tick was. Read from
 * the streams afterwards, so that both chains are measured alike and neither carries an instrument.
 */
export const latency: Figure = {
  name: 'latency',
  title: 'tick stored to signal stored, 1,000 ticks/s, one actor that decides on every tenth',
  async run(world, tell) {
    const [rounds, seconds] = world.quick ? [1, 3] : [5, 8]
    const producer = await startBare('producer', { url: world.natsUrl })
    const sink = await startBare('sink', { url: world.natsUrl })
    const ours: Round[] = []
    const bare: Round[] = []
    for (let round = 0; round < rounds; round++) {
      const byHand = async () =>
        bare.push(await oneRound(world, producer, `lat-b${round}-${world.run}`, seconds, startBareWorker))
      const byUs = async () =>
        ours.push(await oneRound(world, producer, `lat-o${round}-${world.run}`, seconds, startOurs))
      // Neither is always the first: what the machine does meanwhile drifts.
      for (const one of round % 2 === 0 ? [byHand, byUs] : [byUs, byHand]) await one()
    }
    await Promise.all([producer.stop(), sink.stop()])
    for (const [part, target] of [
      ['p50', 1.25],
      ['p99', 1.5],
    ] as const) {
      const [of, its] = [ours.map((one) => one[part]), bare.map((one) => one[part])]
      tell({
        figure: 'a',
        what: `tick to stored signal ${part}, 1 actor`,
        value: ratioOf(of, its),
        unit: 'x',
        target: atMost(target),
        ours: median(of),
        bare: median(its),
        absoluteUnit: 'us',
        rounds: { ours: of, bare: its },
      })
    }
  },
}

type Chain = { stop(): Promise<void> }

async function startOurs(world: World, strategy: string): Promise<Chain> {
  await deploy(world, [{ strategy, instruments: [world.instruments[0] as string], every: EVERY }])
  const engine = await startEngine(world)
  await engine.live(1)
  return {
    stop: async () => {
      await engine.stop()
      await undeployAll(world)
    },
  }
}

const startBareWorker = (world: World, strategy: string): Promise<Child> =>
  startBare('worker', {
    url: world.natsUrl,
    filter: world.tickSubjects[0],
    output: subjects.signal(strategy),
    every: EVERY,
  })

async function oneRound(
  world: World,
  producer: Child,
  strategy: string,
  seconds: number,
  start: (world: World, strategy: string) => Promise<Chain>,
): Promise<Round> {
  await forgetMarket(world)
  const after = await lastSequence(world, 'ORDERS')
  const chain = await start(world, strategy)
  const count = seconds * RATE_PER_SECOND
  const tickSubject = world.tickSubjects[0] as string
  const job: ProducerJob = { subjects: [tickSubject], count, ratePerSecond: RATE_PER_SECOND, marked: false }
  const { firstSequence, lastSequence: through } = await producer.ask<Produced>(job)
  await until(`${strategy} has decided ${count / EVERY} times`, WAIT_MS_MAX, async () => {
    const last = await world.bus.lastOnSubject('ORDERS', subjects.signal(strategy))
    return last !== undefined && causeOf(last.data) > through - EVERY
  })
  const ticks = await stored(world, 'MD', { after: firstSequence - 1, through })
  const decisions = await stored(world, 'ORDERS', {
    after,
    through: await lastSequence(world, 'ORDERS'),
    filterSubjects: [subjects.signal(strategy)],
  })
  await chain.stop()
  const atUs = new Map(ticks.map(({ sequence, timeUs }) => [sequence, timeUs]))
  const warmFrom = firstSequence + count * WARM_UP
  const tookUs = decisions
    .map(({ data, timeUs }) => ({ cause: causeOf(data), timeUs }))
    .filter(({ cause }) => cause >= warmFrom)
    .map(({ cause, timeUs }) => timeUs - (atUs.get(cause) as number))
  return { p50: percentile(tookUs, 0.5), p99: percentile(tookUs, 0.99) }
}
