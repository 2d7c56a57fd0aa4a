import { jetstream } from '@nats-io/jetstream'
import { connectBare } from './lean.ts'

/** Where orders would be: reads every decision as it is stored. Runs beside the bare chain and beside ours. */
export type SinkOptions = { readonly url: string }

const options = JSON.parse(process.argv[2] as string) as SinkOptions
const nc = await connectBare(options.url)
let decisions = 0
const consumer = await jetstream(nc).consumers.get('ORDERS', { deliver_policy: 'new' as never })
await consumer.consume({
  max_messages: 500,
  callback: (message) => {
    if (message.json<{ kind: string }>().kind === 'decision') decisions++
  },
})
await nc.flush()
process.on('message', () => process.send?.({ decisions }))
process.on('disconnect', () => process.exit())
process.send?.('ready')
