import { jetstream } from '@nats-io/jetstream'
import type { JsMsg } from '@nats-io/jetstream'
import postgres from 'postgres'
import { connectBare, fail, leanPublisher } from './lean.ts'
import { openSameRows } from './same-rows.ts'
import type { SameRows } from './same-rows.ts'

/**
 * Where orders would be: a signal, one commit, a request to the venue, one commit of its fill, a report. A commit is one
 * row, or, as a signal asks for it, the very rows of the service.
 */
export type DeskOptions = {
  readonly url: string
  readonly databaseUrl: string
  /** As the service, with its rights. */
  readonly ordersUrl: string
  readonly stream: string
}

const options = JSON.parse(process.argv[2] as string) as DeskOptions
const nc = await connectBare(options.url)
const sql = postgres(options.databaseUrl, { max: 2, onnotice: () => undefined })
const publish = leanPublisher(nc)
await sql`create table if not exists bare_orders (number bigint primary key, body jsonb not null)`
await sql`
  create table if not exists bare_requests (number bigint primary key, sent_us bigint not null,
    written_us bigint not null default (extract(epoch from clock_timestamp()) * 1000000)::bigint)`
await sql`create table if not exists bare_fills (number bigint primary key, price numeric not null)`

let same: Promise<SameRows> | undefined
const nowUs = () => Math.floor((performance.timeOrigin + performance.now()) * 1000)
type Asked = {
  readonly number: number
  readonly rows: 'one' | 'same'
  readonly side: string
  readonly quantity: string
  readonly price: string
}

async function oneRow({ number, side, quantity, price }: Asked): Promise<object> {
  const body = { side, quantity, price }
  await sql`insert into bare_orders values (${number}, ${sql.json(body)})`
  await sql`insert into bare_requests (number, sent_us) values (${number}, ${nowUs()})`
  await sql`insert into bare_fills values (${number}, ${price})`
  return { price, quantity, fee: '0.0005' }
}

async function sameRows({ number }: Asked): Promise<object> {
  const rows = await (same ??= openSameRows(options.databaseUrl, options.ordersUrl))
  await rows.attempt(number)
  await rows.request(number, nowUs())
  return await rows.answer(number)
}

async function carryOut(message: JsMsg): Promise<void> {
  const asked = message.json<Asked>()
  const body = asked.rows === 'same' ? await sameRows(asked) : await oneRow(asked)
  const report = Buffer.from(JSON.stringify({ ...body, number: asked.number }))
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
