import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { busContract } from './contract.suite.ts'
import { connectNats } from './nats.ts'
import { ensureBucket, ensureConsumer, ensureObjects, ensureStream, startTestNats } from '../testing/index.ts'

busContract('NATS', async () => {
  const server = await startTestNats()
  const admin = await connect({ servers: server.url.replace('nats://', '') })
  const jsm = await jetstreamManager(admin)
  const buses = [await connectNats({ url: server.url, name: 'contract' })]
  return {
    bus: buses[0] as Awaited<ReturnType<typeof connectNats>>,
    async other() {
      const bus = await connectNats({ url: server.url, name: 'other' })
      buses.push(bus)
      return bus
    },
    ensureStream: (name, subjects) => ensureStream(server.url, name, subjects),
    dropStream: async (name) => void (await jsm.streams.delete(name)),
    discardBelow: async (stream, sequence) => void (await jsm.streams.purge(stream, { seq: sequence })),
    ensureConsumer: (stream, durable, options) => ensureConsumer(server.url, stream, durable, options),
    ensureBucket: (bucket) => ensureBucket(server.url, bucket),
    ensureObjects: (store) => ensureObjects(server.url, store),
    async close() {
      await Promise.all(buses.map((bus) => bus.close()))
      await admin.close()
      await server.stop()
    },
  }
})
