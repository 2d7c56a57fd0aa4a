import { applyStreams } from '@contrail/nats'
import { connectNats } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { startTestNats } from '../../../../libs/runtime/src/testing/nats.ts'
import { connectBare } from '../bare/lean.ts'
import { startPart } from '../children.ts'
import type { FloorJob } from './producer.ts'
import type { SinkAnswer, SinkOptions } from './sink.ts'
import type { WorkerOptions } from './worker.ts'

/** A stream in files that can be replayed: what MD is where it has outgrown memory. */
export const STREAM = 'FLOOR'
export const subjectOf = (name: string): string => `floor.ticks.${name}`
const CORE = { input: 'floor.core.in', output: 'floor.core.out' }

/** A server of its own that syncs as nats-server does by itself: one that syncs always has nothing to do with its floor. */
export type FloorWorld = {
  readonly url: string
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  readonly bus: Bus
  readonly run: string
  close(): Promise<void>
}

export async function openFloor(run: string): Promise<FloorWorld> {
  const server = await startTestNats()
  await applyStreams(server.url)
  const nc = await connectBare(server.url)
  const jsm = await jetstreamManager(nc)
  await jsm.streams.add({ name: STREAM, subjects: [subjectOf('>')], storage: 'file' })
  const bus = await connectNats({ url: server.url, name: 'bench' })
  return {
    url: server.url,
    nc,
    jsm,
    bus,
    run,
    async close() {
      await bus.close()
      await nc.close()
      await server.stop()
    },
  }
}

/** By hand from core to core; core ticks to stored decisions; stored ticks to stored decisions: one actor, many, many by hand. */
export type ChainKind = 'core' | 'live' | 'stored' | 'many' | 'many by hand'
const MANY = 200

/** Three processes: producer, worker, sink. Returns what the sink has seen. */
export async function runChain(
  world: FloorWorld,
  kind: ChainKind,
  job: Omit<FloorJob, 'subjects'>,
  round: number,
): Promise<SinkAnswer> {
  const { url, bus, jsm } = world
  await jsm.streams.purge(STREAM)
  const isCore = kind === 'core' || kind === 'live'
  const names = kind.startsWith('many') ? Array.from({ length: MANY }, (_, index) => `many${index}`) : ['one']
  const subjects = isCore ? [CORE.input] : names.map(subjectOf)
  const run = `${kind.replaceAll(' ', '')}${round}-${world.run}`
  const output = `orders.signal.${run}`
  const afterSequence = (await bus.streamState('ORDERS'))?.lastSequence ?? 0
  const from: SinkOptions['from'] = kind === 'core' ? { subject: CORE.output } : { stream: 'ORDERS', afterSequence }
  const ours = { url, run, kind: 'actors', stream: STREAM, output, inputs: subjects, from: 'live', decidesOnEvery: 1 }
  const workers = {
    core: { url, run, kind: 'core', ...CORE },
    live: { url, run, kind: 'live', input: CORE.input, output },
    stored: ours,
    many: ours,
    'many by hand': { url, run, kind: 'hand', stream: STREAM, output, inputs: subjects },
  } as Record<ChainKind, WorkerOptions>
  const parts = [
    await startPart('floor', 'worker', workers[kind]),
    await startPart('floor', 'sink', { url, from } satisfies SinkOptions),
    await startPart('floor', 'producer', { url }),
  ] as const
  const [, sink, producer] = parts
  const answer = sink.ask<SinkAnswer>(job.count)
  await producer.ask({ ...job, subjects } satisfies FloorJob)
  const seen = await answer
  await Promise.all(parts.map((part) => part.stop()))
  return seen
}
