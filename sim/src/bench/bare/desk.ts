import { jetstream } from '@nats-io/jetstream'
import type { JsMsg } from '@nats-io/jetstream'
import postgres from 'postgres'
import { connectBare, fail, leanPublisher } from './lean.ts'

/** Where orders would be: a signal, one commit, a request to the venue, one commit of its fill, a report. */
export type DeskOptions = { readonly url: string; readonly databaseUrl: string; readonly stream: string }

const options = JSON.parse(process.argv[2] as string) as DeskOptions
const nc = await connectBare(options.url)
const sql = postgres(options.databaseUrl, { max: 2, onnotice: () => undefined })
const publish = leanPublisher(nc)
await sql`create table if not exists bare_orders (number bigint primary key, body jsonb not null)`
await sql`
  create table if not exists bare_requests (number bigint primary key, sent_us bigint not null,
    written_us bigint not null default (extract(epoch from clock_timestamp()) * 1000000)::bigint)`
await sql`create table if not exists bare_fills (number bigint primary key, price numeric not null)`

async function carryOut(message: JsMsg): Promise<void> {
  const { number, ...body } = message.json<{ number: number; price: string }>()
  await sql`insert into bare_orders values (${number}, ${sql.json(body)})`
  const sentUs = Math.floor((performance.timeOrigin + performance.now()) * 1000)
  await sql`insert into bare_requests (number, sent_us) values (${number}, ${sentUs})`
  await sql`insert into bare_fills values (${number}, ${body.price})`
  const report = Buffer.from(JSON.stringify({ number, price: body.price, quantity: '0.01', fee: '0.0005' }))
  await new Promise<void>((resolve) =>
    publish('bench.trades.bare', report, undefined, (_, error) => (error ? fail(error) : resolve())),
  )
  message.ack()
}

let lane: Promise<unknown> = Promise.resolve()
const consumer = await jetstream(nc).consumers.get(options.stream, 'desk')
await consumer.consume({
  max_messages: 100,
  callback: (message) => void (lane = lane.then(() => carryOut(message)).catch((error) => fail(String(error)))),
})
await nc.flush()
process.on('disconnect', () => process.exit())
process.send?.('ready')
