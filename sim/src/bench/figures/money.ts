import { subjects } from '@contrail/contracts'
import { createTestDatabases } from '@contrail/db/testing'
import type { Database } from '@contrail/db'
import type { BusMessage } from '@contrail/runtime'
import { HAND_ACCOUNT, handOrder } from '../bare/same-rows.ts'
import { startBare } from '../children.ts'
import { keepQuoted } from '../market.ts'
import { makeBareStreams, onlyNew } from '../money-streams.ts'
import { startService } from '../service.ts'
import { atMost, median, percentile, ratioOf } from '../stats.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

/** The default limits are for people's strategies; here the path is measured, not the limits. */
const LIMITS = JSON.stringify({
  platform: {
    strategyPerSecond: 1e6,
    strategyPerMinute: 1e6,
    accountPerSecond: 1e6,
    duplicateWindowUs: 0,
    tickAgeMaxUs: 60e6,
  },
})
const WAIT_MS_MAX = 10_000

/** What the ratios are against; the target is "hop + commit" and "hop + commit + KV put". */
const BARE = [
  'bare: two processes by hand on the same servers. A signal is consumed from a stream like ORDERS (acked), one row is',
  'inserted and committed, the request and its fill are a committed row each, one report is published and acked; it is',
  'consumed, one row is inserted and committed, the position is put into KV by compare-and-set. Postgres flushes each',
  'commit and nats-server each message, as for ours. It has no gate, no lease, no inbox or outbox, no ledger, no repeats.',
  "same rows: the same two processes, but orders' three commits are the very rows that our service commits, in the same",
  'tables under the same lease, written by hand; the booking is one row as before.',
]

/** Times of one order, us: signal stored, request sent, in the books of the venue, report stored, in KV, acknowledged. */
type Times = {
  readonly signal: number
  readonly sent: number
  readonly venue: number
  readonly report: number
  readonly kv: number
  readonly booked: number
}
type Leg = {
  readonly figure: string
  readonly what: string
  readonly of: (times: Times) => number
  /** Shown beside the one that the table names. */
  readonly beside?: true
  /** A commit of orders lies in it: held against the very rows, too. */
  readonly commits?: true
}

const LEGS: readonly Leg[] = [
  { figure: 'd', what: 'signal stored -> venue request sent', of: ({ signal, sent }) => sent - signal, commits: true },
  {
    figure: 'd',
    what: "signal stored -> in the venue's books",
    of: ({ signal, venue }) => venue - signal,
    beside: true,
  },
  { figure: 'e', what: 'fill at the venue -> position in KV', of: ({ venue, kv }) => kv - venue, commits: true },
  { figure: 'e', what: 'report stored -> position in KV', of: ({ report, kv }) => kv - report },
  // KV is shown from what is durable in TRADES, beside the commit of the books: this is when both are done.
  {
    figure: 'e',
    what: 'report stored -> booked and acknowledged',
    of: ({ report, booked }) => booked - report,
    beside: true,
  },
]

/** One order after another, so that none waits in a queue; blocks of ours and of bare in turn. */
export const money: Figure = {
  name: 'money',
  title: 'one market order after another: signal, request at the paper venue, fill, position',
  async run(world, tell) {
    for (const line of BARE) world.say(line)
    const databases = await createTestDatabases()
    const admin = databases.open('admin', 'trade')
    const quoted = await keepQuoted(world, world.instruments[0] as string)
    try {
      const chains = await startChains(world, databases.urls, databases.adminUrls.trade, admin)
      const [ours, bare, same]: [Times[][], Times[][], Times[][]] = [[], [], []]
      const [blocks, orders] = world.quick ? [1, 20] : [6, 100]
      for (let block = 0; block <= blocks; block++) {
        const [one, own, rows] = [
          await chains.bare.run(orders, 'one'),
          await chains.ours.run(orders),
          await chains.bare.run(orders, 'same'),
        ]
        if (block === 0) continue // warm-up
        bare.push(one)
        ours.push(own)
        same.push(rows)
      }
      await chains.stop()
      for (const leg of LEGS) {
        for (const part of [0.5, 0.99]) tell(rowOf(leg, part, ours, bare))
        if (leg.commits) tell(rowOf({ ...leg, what: `${leg.what}, to the same rows by hand` }, 0.5, ours, same))
      }
    } finally {
      quoted.stop()
      await databases.drop()
    }
  },
}

function rowOf({ figure, what, of, beside }: Leg, part: number, ours: Times[][], bare: Times[][]) {
  const [own, its] = [ours, bare].map((blocks) => blocks.map((block) => percentile(block.map(of), part)))
  const rounds = { ours: own as number[], bare: its as number[] }
  return {
    figure,
    what: `${what} p${part * 100}`,
    value: ratioOf(rounds.ours, rounds.bare),
    unit: 'x',
    // The table names no quantile; the typical order is held to it, the slow one is shown.
    ...(part === 0.5 && !beside ? { target: atMost(1.3) } : {}),
    ours: median(rounds.ours),
    bare: median(rounds.bare),
    absoluteUnit: 'us',
    rounds,
  }
}

type Rows = 'one' | 'same'
type Chain = { run(orders: number, rows?: Rows): Promise<Times[]> }

async function startChains(
  world: World,
  urls: Awaited<ReturnType<typeof createTestDatabases>>['urls'],
  adminUrl: string,
  admin: Database,
): Promise<{ ours: Chain; bare: Chain; stop(): Promise<void> }> {
  await makeBareStreams(world)
  await onlyNew(world, 'ORDERS', 'orders')
  await onlyNew(world, 'TRADES', 'portfolio')
  const unsafe = { CONTRAIL_ORDERS_ALLOW_UNSAFE_POSTGRES: 'true', CONTRAIL_PORTFOLIO_ALLOW_UNSAFE_POSTGRES: 'true' }
  const processes = [
    await startService(world, 'orders', {
      CONTRAIL_TRADE_DB_URL: urls.orders.trade as string,
      CONTRAIL_ORDERS_LIMITS: LIMITS,
      CONTRAIL_ORDERS_LIQUIDITY: 'unlimited',
      ...unsafe,
    }),
    await startService(world, 'portfolio', { CONTRAIL_TRADE_DB_URL: urls.portfolio.trade as string, ...unsafe }),
    await startBare('desk', {
      url: world.natsUrl,
      databaseUrl: adminUrl,
      ordersUrl: urls.orders.trade,
      stream: 'BENCH_ORDERS',
    }),
    await startBare('booker', {
      url: world.natsUrl,
      databaseUrl: adminUrl,
      stream: 'BENCH_TRADES',
      position: '$KV.bench.bare',
    }),
  ]
  const kvOurs = await follow(world, 'KV_positions')
  const kvBare = await follow(world, 'KV_bench')
  const [ackOurs, ackBare] = [acknowledged(world, 'TRADES.portfolio'), acknowledged(world, 'BENCH_TRADES.booker')]
  const ours = chainOf(kvOurs, ackOurs, (number) => ourOrder(world, admin, number))
  const bare = chainOf(kvBare, ackBare, (number, rows) => bareOrder(world, admin, number, rows))
  return {
    ours,
    bare,
    async stop() {
      ackOurs.stop()
      ackBare.stop()
      await Promise.all([kvOurs.stop(), kvBare.stop(), ...processes.map((process) => process.stop())])
    },
  }
}

type Waiting<T> = { readonly next: (number: number) => Promise<T> }

/** What comes is kept under its number until it is asked for, or handed to who waits for it. */
function waitingRoom<T>(what: string): Waiting<T> & { readonly arrived: (number: number, item: T) => void } {
  const seen = new Map<number, T>()
  const waiting = new Map<number, (item: T) => void>()
  return {
    arrived(number, item) {
      seen.set(number, item)
      waiting.get(number)?.(item)
    },
    async next(number) {
      const known = seen.get(number)
      if (known !== undefined) return known
      return await new Promise((resolve, reject) => {
        const late = () => reject(new Error(`${what} ${number} did not come in ${WAIT_MS_MAX} ms`))
        const timer = setTimeout(late, WAIT_MS_MAX)
        waiting.set(number, (item) => {
          clearTimeout(timer)
          resolve(item)
        })
      })
    },
  }
}

/** Positions as they are stored, by fills; only the last one of a key is kept, so they are read as they come. */
async function follow({ bus }: World, stream: string): Promise<Waiting<BusMessage> & { stop(): Promise<void> }> {
  const { arrived, next } = waitingRoom<BusMessage>(`${stream}: fill`)
  const reader = await bus.read({
    stream,
    fromSequence: 0,
    onMessage: (message) => {
      arrived((JSON.parse(Buffer.from(message.data).toString()) as { fills: number }).fills, message)
    },
  })
  return { next, stop: () => reader.stop() }
}

/** When reports were acknowledged, us, by sequence. Overheard, by the clock of this process. */
function acknowledged({ bus }: World, durable: string): Waiting<number> & { stop(): void } {
  const { arrived, next } = waitingRoom<number>(`${durable}: acknowledgement of`)
  const subscription = bus.subscribe(`$JS.ACK.${durable}.>`, (subject) => {
    arrived(Number(subject.split('.')[5]), (performance.timeOrigin + performance.now()) * 1000)
  })
  return { next, stop: () => subscription.stop() }
}

type Order = {
  send(): Promise<unknown>
  times(kv: BusMessage): Promise<Omit<Times, 'booked'>>
  report(kv: BusMessage): number
}

/** The next order leaves when all of the one before is done: work that is left would count as the next one's. */
function chainOf(
  kv: Waiting<BusMessage>,
  acks: Waiting<number>,
  orderOf: (number: number, rows: Rows) => Order,
): Chain {
  let number = 0
  return {
    async run(orders, rows = 'one') {
      const done: { order: Order; shown: BusMessage; booked: number }[] = []
      for (let count = 0; count < orders; count++) {
        const order = orderOf(++number, rows)
        await order.send()
        const shown = await kv.next(number)
        done.push({ order, shown, booked: await acks.next(order.report(shown)) })
      }
      const all: Times[] = []
      for (const { order, shown, booked } of done) all.push({ ...(await order.times(shown)), booked })
      return all
    },
  }
}

/** As an engine would say it: buys and sells in turn. */
function ourOrder(world: World, { sql }: Database, number: number): Order {
  const strategy = `mo-${world.run}`
  const orderId = `${strategy}-${number}-0`
  const instrument = world.instruments[0] as string
  const cause = { stream: 'MD', sequence: 1, subject: world.tickSubjects[0] }
  const head = { schema: 1, tenant: 'main', account: 'paper', strategy, kind: 'decision', epoch: 1, number, cause }
  const how = { orderType: 'market', timeInForce: 'IOC', postOnly: false, reduceOnly: false }
  const side = number % 2 === 1 ? 'buy' : 'sell'
  const intent = { type: 'place', orderId, venue: world.venue, instrument, side, quantity: '0.01', ...how }
  let sequence = 0
  const reportOf = (kv: BusMessage) => (JSON.parse(Buffer.from(kv.data).toString()) as { sequence: number }).sequence
  return {
    report: reportOf,
    async send() {
      const body = { ...head, trail: [['MD', 1]], atUs: Date.now() * 1000, reasons: {}, intents: [intent] }
      const data = Buffer.from(JSON.stringify(body))
      sequence = (await world.bus.publish(subjects.signal(strategy), data)).sequence
    },
    async times(kv) {
      const [signal, report] = [
        await storedUs(world, 'ORDERS', sequence),
        await storedUs(world, 'TRADES', reportOf(kv)),
      ]
      const [row] = await sql<{ sent: number; venue: number }[]>`
        select r.received_us as sent, r.written_us as venue from paper_requests r join orders o using (cl_ord_id) where o.order_id = ${orderId}`
      return { signal, report, sent: Number(row?.sent), venue: Number(row?.venue), kv: kv.timeUs }
    },
  }
}

function bareOrder(world: World, { sql }: Database, number: number, rows: Rows): Order {
  let sequence = 0
  return {
    report: () => number,
    async send() {
      const data = Buffer.from(JSON.stringify({ number, rows, side: 'buy', quantity: '0.01', price: '100.01' }))
      sequence = (await world.bus.publish('bench.orders.bare', data)).sequence
    },
    async times(kv) {
      const signal = await storedUs(world, 'BENCH_ORDERS', sequence)
      const report = await storedUs(world, 'BENCH_TRADES', number)
      const [row] =
        rows === 'one'
          ? await sql<{ sent: number; venue: number }[]>`
              select sent_us as sent, written_us as venue from bare_requests where number = ${number}`
          : await sql<{ sent: number; venue: number }[]>`
              select received_us as sent, written_us as venue from paper_requests
              where account = ${HAND_ACCOUNT} and cl_ord_id = ${handOrder(number)}`
      return { signal, report, sent: Number(row?.sent), venue: Number(row?.venue), kv: kv.timeUs }
    },
  }
}

async function storedUs({ bus }: World, stream: string, sequence: number): Promise<number> {
  const message = await bus.getMessage(stream, sequence)
  if (!message) throw new Error(`${stream} ${sequence} is gone`)
  return message.timeUs
}
