import { jetstream } from '@nats-io/jetstream'
import type { JsMsg } from '@nats-io/jetstream'
import postgres from 'postgres'
import { connectBare, fail, fence, leanPublisher } from './lean.ts'

/** Where portfolio would be: a report, one commit, one compare-and-set of the position. */
export type BookerOptions = {
  readonly url: string
  readonly databaseUrl: string
  readonly stream: string
  /** Subject of the position's key. */
  readonly position: string
}

const options = JSON.parse(process.argv[2] as string) as BookerOptions
const nc = await connectBare(options.url)
const sql = postgres(options.databaseUrl, { max: 2, onnotice: () => undefined })
const publish = leanPublisher(nc)
await sql`create table if not exists bare_ledger (number bigint primary key, body jsonb not null)`
let revision = 0
let fills = 0

async function book(message: JsMsg): Promise<void> {
  const { number, ...body } = message.json<{ number: number }>()
  await sql`insert into bare_ledger values (${number}, ${sql.json(body)})`
  const value = Buffer.from(JSON.stringify({ quantity: '0.01', averagePrice: '100', fills: ++fills }))
  await new Promise<void>((resolve) =>
    publish(options.position, value, fence(revision), (sequence, error) => {
      if (error) fail(error)
      revision = sequence
      resolve()
    }),
  )
  message.ack()
}

let lane: Promise<unknown> = Promise.resolve()
const consumer = await jetstream(nc).consumers.get(options.stream, 'booker')
await consumer.consume({
  max_messages: 100,
  callback: (message) => void (lane = lane.then(() => book(message)).catch((error) => fail(String(error)))),
})
await nc.flush()
process.on('disconnect', () => process.exit())
process.send?.('ready')
