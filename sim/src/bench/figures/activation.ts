import { subjects } from '@contrail/contracts'
import { startBare } from '../children.ts'
import type { Child } from '../children.ts'
import type { ProducerJob, Produced } from '../bare/producer.ts'
import { deploy, startEngine, undeployAll, until } from '../engine.ts'
import { atMost, median } from '../stats.ts'
import { causeOf, forgetMarket } from '../world.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

const INPUTS = 10_000
/** A decision on every hundredth input: they are made again and compared. */
const EVERY = 100
const ACTIVATION_MS_MAX = 250
const WAIT_MS_MAX = 60_000
/** The only checkpoint is that of the start. */
const NO_CHECKPOINTS = { CONTRAIL_CHECKPOINT_INPUTS: '1000000000', CONTRAIL_CHECKPOINT_MS: '86400000' }

/** Kill -9 with 10,000 inputs and 100 decisions since the checkpoint; a new process takes over. */
export const activation: Figure = {
  name: 'activation',
  title: 'activation of an actor whose checkpoint is 10,000 inputs old, after kill -9, in a new process',
  async run(world, tell) {
    const producer = await startBare('producer', { url: world.natsUrl })
    const tookMs: number[] = []
    for (let round = 0; round < (world.quick ? 1 : 5); round++) tookMs.push(await oneRound(world, producer, round))
    await producer.stop()
    tell({
      figure: 'f',
      what: 'activation, 10,000 inputs behind',
      value: median(tookMs),
      unit: 'ms',
      target: atMost(ACTIVATION_MS_MAX),
      rounds: { ours: tookMs, bare: [] },
      note: `claim, checkpoint, inputs and decisions made again, live: worst of ${tookMs.length}: ${Math.max(...tookMs).toFixed(0)} ms`,
    })
  },
}

async function oneRound(world: World, producer: Child, round: number): Promise<number> {
  await forgetMarket(world)
  const strategy = `act${round}-${world.run}`
  await deploy(world, [{ strategy, instruments: [world.instruments[0] as string], every: EVERY }])
  const first = await startEngine(world, { settings: NO_CHECKPOINTS })
  await first.live(1)
  const job: ProducerJob = {
    subjects: [world.tickSubjects[0] as string],
    count: INPUTS,
    ratePerSecond: 0,
    marked: false,
  }
  const { lastSequence } = await producer.ask<Produced>(job)
  await until(`${strategy} has decided on its last tick`, WAIT_MS_MAX, async () => {
    const last = await world.bus.lastOnSubject('ORDERS', subjects.signal(strategy))
    return last !== undefined && causeOf(last.data) === lastSequence
  })
  await first.kill9()
  const second = await startEngine(world, { settings: NO_CHECKPOINTS })
  const [actor] = await second.live(1)
  await second.stop()
  await undeployAll(world)
  if (!actor || actor.activationMs === null || actor.inputs !== INPUTS)
    throw new Error(`${strategy} came back with ${actor?.inputs} inputs of ${INPUTS}`)
  return actor.activationMs
}
