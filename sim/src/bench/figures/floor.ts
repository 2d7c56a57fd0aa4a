import { fence, leanPublisher } from '../bare/lean.ts'
import { startPart } from '../children.ts'
import { syncs } from '../calibration.ts'
import { failover } from '../floor/failover.ts'
import type { FloorJob } from '../floor/producer.ts'
import type { SinkAnswer } from '../floor/sink.ts'
import { SINK_WARM_UP, stamped } from '../floor/stamp.ts'
import { openFloor, runChain, STREAM, subjectOf } from '../floor/world.ts'
import type { ChainKind, FloorWorld } from '../floor/world.ts'
import type { WorkerAnswer, WorkerOptions } from '../floor/worker.ts'
import { atLeast, atMost, median, percentile, ratePerSecond, ratioOf } from '../stats.ts'
import type { Target } from '../stats.ts'
import type { World } from '../world.ts'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Bus } from '@contrail/runtime'
import type { Figure } from './figure.ts'

/** Round trips by turns: so many of a kind, then so many of the next. */
const BLOCKS = 10
const BLOCK = 200
const CHAIN_PER_SECOND = 1_000
/** Part of a round that is warm-up. */
const WARM_UP = 0.25
const OUTSTANDING = 4_000
const REPLAYED = 100_000
const SERIAL = 10_000

type Tell = Parameters<Figure['run']>[1]

/** The second table of nats.md: what our runtime does, against core NATS in the same run. */
export const floor: Figure = {
  name: 'floor',
  title:
    'our runtime against the floor of core NATS: a server with files that are not synced, and the one that syncs always',
  async run(world, tell) {
    const own = await openFloor(world.run)
    try {
      const rttUs = await roundTrips(world, own, tell)
      await chains(world, own, tell)
      await rates(world, own, tell)
      await replays(world, own, tell, rttUs)
    } finally {
      await own.close()
    }
    await failover(world, tell)
  },
}

/** Returns what a fenced publish into a file took, us. */
async function roundTrips(world: World, own: FloorWorld, tell: Tell): Promise<number> {
  const file = await byTurns(own.bus, own.nc, world)
  tell({ ...row('fenced publish p50, file, to core ping', file.publishUs, file.pingUs, atMost(1.8)), note: file.note })
  const always = await byTurns(world.bus, world.nc, world)
  const what = 'fenced publish p50, sync always, to ping + one sync'
  tell({ ...row(what, always.publishUs, always.pingUs + always.syncUs, atMost(1.8)), note: always.note })
  return file.publishUs
}

/** Round trips of each kind, so many and then so many of the next. */
async function byTurns(bus: Bus, nc: NatsConnection, { folder, run }: World) {
  const data = stamped()
  const lean = leanPublisher(nc)
  const sequences = { ours: 0, hand: 0 }
  const publish = async () => {
    const options = { expectedLastSubjectSequence: sequences.ours }
    sequences.ours = (await bus.publish(`orders.signal.rtt-${run}`, data, options)).sequence
  }
  const byHand = () =>
    new Promise<void>((resolve) =>
      lean(`orders.signal.hand-${run}`, data, fence(sequences.hand), (sequence) => {
        sequences.hand = sequence
        resolve()
      }),
    )
  const took: Record<'ping' | 'ours' | 'hand' | 'sync', number[]> = { ping: [], ours: [], hand: [], sync: [] }
  for (let block = 0; block < BLOCKS; block++) {
    for (let i = 0; i < BLOCK; i++) took.ping.push(await tookUs(() => nc.flush()))
    for (let i = 0; i < BLOCK; i++) took.ours.push(await tookUs(publish))
    for (let i = 0; i < BLOCK; i++) took.hand.push(await tookUs(byHand))
    took.sync.push(...syncs(folder, BLOCK / BLOCKS))
  }
  const [pingUs, publishUs, handUs, syncUs] = [took.ping, took.ours, took.hand, took.sync].map((all) =>
    percentile(all.slice(all.length * WARM_UP), 0.5),
  ) as [number, number, number, number]
  const note = `ping ${pingUs.toFixed(0)} us, append+sync ${syncUs.toFixed(0)} us; by hand: ${handUs.toFixed(0)} us`
  return { pingUs, publishUs, syncUs, note }
}

async function tookUs(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await act()
  return (performance.now() - startedMs) * 1000
}

async function chains(world: World, own: FloorWorld, tell: Tell): Promise<void> {
  const count = CHAIN_PER_SECOND * (world.quick ? 2 : 3)
  const job = { count, ratePerSecond: CHAIN_PER_SECOND, outstanding: 0 }
  const kinds: ChainKind[] = ['core', 'live', 'stored']
  const took: Record<string, { p50: number[]; p99: number[] }> = {}
  for (let round = 0; round < (world.quick ? 1 : 2); round++)
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      const { tookUs: all } = await runChain(own, kind, job, round)
      const warm = all.slice(count * WARM_UP)
      const of = (took[kind] ??= { p50: [], p99: [] })
      of.p50.push(percentile(warm, 0.5))
      of.p99.push(percentile(warm, 0.99))
    }
  const told = (what: string, kind: ChainKind, part: 'p50' | 'p99', most: number) => {
    const [ours, bare] = [took[kind]?.[part] ?? [], took['core']?.[part] ?? []]
    const rounds = { rounds: { ours, bare } }
    tell({ ...row(what, median(ours), median(bare), atMost(most)), value: ratioOf(ours, bare), ...rounds })
  }
  told('tick to signal p50, core tick, file signal, to core chain', 'live', 'p50', 1.6)
  told('tick to signal p50, file tick, file signal, to core chain', 'stored', 'p50', 2)
  told('tick to signal p99, file tick, file signal, to core chain', 'stored', 'p99', 2)
}

async function rates(world: World, own: FloorWorld, tell: Tell): Promise<void> {
  const jobOf = (count: number) => ({ count, ratePerSecond: 0, outstanding: OUTSTANDING })
  const core = rateOf(await runChain(own, 'core', jobOf(world.quick ? 20_000 : 100_000), 9))
  const count = world.quick ? 8_000 : 30_000
  const hand = rateOf(await runChain(own, 'many by hand', jobOf(count), 9))
  const ours = rateOf(await runChain(own, 'many', jobOf(count), 9))
  const note =
    `200 actors of one worker, each decides on each of its ticks, one decision of each in flight; ` +
    `the same by hand: ${hand.toFixed(0)} /s`
  tell({ ...row('sustained chain, file to file, to core chain', ours, core, atLeast(0.25), '/s'), note })
}

async function replays(world: World, own: FloorWorld, tell: Tell, rttUs: number): Promise<void> {
  const count = world.quick ? REPLAYED / 5 : REPLAYED
  const seen = await coreRate(own, count * 2)
  const replayed = await workOff(own, 'replay', count, 0)
  const perSecond = (count * 1000) / replayed.tookMs
  tell(row('replay of a file stream, idle actor, to core publish to one', perSecond, seen, atLeast(0.4), '/s'))
  await workOff(own, 'serial', SERIAL, 1)
  const decided = await decidedPerSecond(own, `orders.signal.serial-${own.run}-0`)
  tell(row('one actor that awaits each commit, to 1 / fenced publish', decided, 1e6 / rttUs, atLeast(0.5), '/s'))
}

async function coreRate({ url }: FloorWorld, count: number): Promise<number> {
  const subject = 'floor.rate'
  const sink = await startPart('floor', 'sink', { url, from: { subject } })
  const producer = await startPart('floor', 'producer', { url })
  const answer = sink.ask<SinkAnswer>(count)
  await producer.ask({ subjects: [subject], count, ratePerSecond: 0, outstanding: 0 } satisfies FloorJob)
  const rate = rateOf(await answer)
  await Promise.all([sink.stop(), producer.stop()])
  return rate
}

/** Ticks are stored first; then an actor begins at the first of them. Timed from its start until it is live. */
async function workOff(own: FloorWorld, name: string, count: number, every: number): Promise<WorkerAnswer> {
  const { url, bus, jsm, run } = own
  await jsm.streams.purge(STREAM)
  const subject = subjectOf(name)
  const publisher = bus.windowedPublisher({
    windowMessages: 256,
    onError: (error) => {
      throw error
    },
  })
  for (let i = 0; i < count; i++) await publisher.send(subject, stamped())
  await publisher.drained()
  const state = await bus.streamState(STREAM)
  const worker = await startPart('floor', 'worker', {
    url,
    run: `${name}-${run}`,
    kind: 'actors',
    stream: STREAM,
    output: `orders.signal.${name}-${run}`,
    inputs: [subject],
    from: state?.firstSequence ?? 1,
    decidesOnEvery: every,
  } satisfies WorkerOptions)
  const answer = await worker.ask<WorkerAnswer>('how was it')
  await worker.stop()
  if (answer.inputs !== count) throw new Error(`${answer.inputs} of ${count} inputs were applied`)
  return answer
}

/** From the server's own times, behind the warm-up. */
async function decidedPerSecond({ bus }: FloorWorld, subject: string): Promise<number> {
  const last = await bus.lastOnSubject('ORDERS', subject)
  const timesUs: number[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const reader = await bus.read({
    stream: 'ORDERS',
    fromSequence: 1,
    filterSubjects: [subject],
    onMessage: ({ sequence, timeUs }) => {
      timesUs.push(timeUs)
      if (sequence === last?.sequence) resolve()
    },
    onLost: (why) => reject(new Error(why)),
  })
  await promise.finally(() => reader.stop())
  const warm = timesUs.slice(timesUs.length * WARM_UP)
  return ratePerSecond(warm.length, warm[0] ?? 0, warm.at(-1) ?? 0)
}

const rateOf = ({ tookUs: all, warmUs, lastUs }: SinkAnswer): number =>
  ratePerSecond(all.length * (1 - SINK_WARM_UP), warmUs, lastUs)

const row = (what: string, ours: number, bare: number, target: Target, absoluteUnit = 'us') => ({
  figure: 'j',
  what,
  value: ours / bare,
  unit: absoluteUnit === '/s' ? '%' : 'x',
  target,
  ours,
  bare,
  absoluteUnit,
})
