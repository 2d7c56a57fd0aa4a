import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { subjects } from '@contrail/contracts'
import { applyStreams } from '@contrail/nats'
import { connectNats } from '@contrail/runtime'
import type { Bus, BusMessage } from '@contrail/runtime'
import { bundleModule } from '@contrail/runtime/bundle'
import type { Bundle } from '@contrail/runtime/bundle'
import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'

/** What all figures share: one server with the platform's streams, fifty instruments, one bundled strategy. */
export type World = {
  readonly natsUrl: string
  readonly postgresUrl: string
  /** A bus with all rights, for reading results afterwards and for deploying. Not on any measured path. */
  readonly bus: Bus
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  readonly venue: string
  readonly instruments: readonly string[]
  readonly tickSubjects: readonly string[]
  readonly bundle: Bundle
  /** Stands in for ingest: tells the engine which instruments there are. */
  readonly archiveUrl: string
  readonly folder: string
  /** In every strategy id: a server that has seen a bench before is no obstacle. */
  readonly run: string
  readonly quick: boolean
  /** For Node, where the engine is started: a profile changes what it measures. */
  readonly engineFlags: readonly string[]
  readonly say: (line: string) => void
  close(): Promise<void>
}

export const INSTRUMENTS = 50
const MEBI = 1024 * 1024

export async function openWorld(options: {
  natsUrl: string
  postgresUrl: string
  quick: boolean
  engineFlags: readonly string[]
  say: (line: string) => void
}): Promise<World> {
  await applyStreams(options.natsUrl, { marketBytesMax: 512 * MEBI })
  const nc = await connect({ servers: options.natsUrl, name: 'bench' })
  const bus = await connectNats({ url: options.natsUrl, name: 'bench' })
  const bundle = await bundleModule(path.join(import.meta.dirname, 'strategies', 'bench.ts'))
  await (await bus.objects('bundles')).put(bundle.sha256, Buffer.from(bundle.text))
  const venue = 'bench'
  const instruments = Array.from({ length: INSTRUMENTS }, (_, index) => `B${index}-USDT`)
  const archive = await serveInstruments(venue, instruments)
  const folder = await mkdtemp(path.join(os.tmpdir(), 'contrail-bench-'))
  return {
    ...options,
    nc,
    bus,
    bundle,
    venue,
    instruments,
    folder,
    run: randomBytes(2).toString('hex'),
    jsm: await jetstreamManager(nc),
    tickSubjects: instruments.map((instrument) => subjects.tick(venue, instrument)),
    archiveUrl: `http://127.0.0.1:${(archive.address() as AddressInfo).port}`,
    async close() {
      archive.close()
      await bus.close()
      await nc.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function serveInstruments(venue: string, names: readonly string[]): Promise<Server> {
  const items = names.map((instrument) => ({
    venue,
    instrument,
    kind: 'spot',
    base: instrument.split('-')[0],
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.001',
    minQuantity: '0.001',
    minNotional: '0',
    makerFeeBps: 1,
    takerFeeBps: 5,
  }))
  const body = { '/instruments': JSON.stringify({ items }), '/ticks': '{"items":[]}', '/candles': '{"items":[]}' }
  const server = createServer((request, response) => {
    const pathname = (request.url ?? '').split('?')[0] as keyof typeof body
    response.writeHead(body[pathname] ? 200 : 404, { 'content-type': 'application/json' })
    response.end(body[pathname] ?? '{}')
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** Market data of an earlier round would only cost memory. No engine runs at that moment. */
export const forgetMarket = async ({ jsm }: World): Promise<void> => void (await jsm.streams.purge('MD'))

/** Messages of a stream behind one sequence and through another, as the server stored them. */
export async function stored(
  { bus }: World,
  stream: string,
  range: { readonly after: number; readonly through: number; readonly filterSubjects?: readonly string[] },
): Promise<BusMessage[]> {
  const { after, through, filterSubjects = [] } = range
  const heads = await Promise.all(filterSubjects.map((subject) => bus.lastOnSubject(stream, subject)))
  const end = filterSubjects.length === 0 ? through : Math.max(0, ...heads.map((message) => message?.sequence ?? 0))
  if (end <= after) return []
  const found: BusMessage[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onMessage = (message: BusMessage) => {
    if (message.sequence <= through) found.push(message)
    if (message.sequence >= Math.min(end, through)) resolve()
  }
  const onLost = (why: string) => reject(new Error(why))
  const reader = await bus.read({ stream, fromSequence: after + 1, filterSubjects, onMessage, onLost })
  await promise
  await reader.stop()
  return found
}

export const lastSequence = async ({ bus }: World, stream: string): Promise<number> =>
  (await bus.streamState(stream))?.lastSequence ?? 0

/** 0 for a message that no tick caused. */
export const causeOf = (data: Uint8Array): number =>
  (JSON.parse(Buffer.from(data).toString()) as { cause?: { sequence: number } }).cause?.sequence ?? 0
