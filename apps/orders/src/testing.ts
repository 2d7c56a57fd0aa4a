import { confirmSchema, decodeJson, encodeJson, encodeQuote, encodeTick, subjects } from '@contrail/contracts'
import type { Confirm, Decision, Instrument, Intent, Quote, Tick } from '@contrail/contracts'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { connectNats, createHttp, createLogger, createMetrics, listen, systemClock } from '@contrail/runtime'
import type { Bus, Reader, Running } from '@contrail/runtime'
import { ensureBucket, ensureConsumer, ensureStream, startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { configSchema } from './config.ts'
import type { Config } from './config.ts'
import { start } from './start.ts'

export const TOKEN = 'test-internal-token-0123456789'
const HASH = 'a'.repeat(64)
export const INSTRUMENT = {
  venue: 'sim',
  instrument: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.1',
  lotSize: '0.001',
  minQuantity: '0.001',
  minNotional: '0',
  makerFeeBps: 2,
  takerFeeBps: 5,
} as Instrument

/** What an engine, an ingest and a portfolio would do, for one strategy after another. */
export type OrdersWorld = {
  readonly nats: TestNats
  readonly databases: TestDatabases
  readonly bus: Bus
  readonly ingestUrl: string
  readonly confirms: Confirm[]
  config(given?: Partial<Config>): Config
  startOrders(given?: Partial<Config>): Promise<Running>
  quote(bid: number, ask: number, size?: number, ageMs?: number): Promise<void>
  tick(price: number, quantity: number, side?: Tick['side']): Promise<void>
  /** Publishes the next decision of a strategy; gives its number. */
  decide(strategy: string, intents: (number: number) => Partial<Intent>[], given?: Partial<Decision>): Promise<number>
  confirmed(orderId: string, ...types: Confirm['type'][]): Promise<Confirm>
  stop(): Promise<void>
}

export async function ordersWorld(): Promise<OrdersWorld> {
  const nats = await startTestNats()
  await ensureStream(nats.url, 'MD', ['md.>'], { memory: true })
  await ensureStream(nats.url, 'ORDERS', ['orders.>'])
  await ensureStream(nats.url, 'TRADES', ['trades.>'])
  await ensureStream(nats.url, 'ALERTS', ['alerts.>'])
  await ensureStream(nats.url, 'DLQ', ['dlq.>', 'redrive.>'])
  await ensureConsumer(nats.url, 'ORDERS', 'orders', { ackWaitMs: 2000 })
  await ensureBucket(nats.url, 'halts')
  const databases = await createTestDatabases()
  const log = createLogger({ name: 'orders-test', level: 'silent' })
  const ingest = createHttp({ name: 'ingest', log, metrics: createMetrics(), internalToken: TOKEN })
  ingest.get('/instruments', (c) => c.json({ items: [INSTRUMENT] }))
  const door = await listen(ingest, { host: '127.0.0.1', port: 0 })
  const bus = await connectNats({ url: nats.url, name: 'test' })
  const confirms: Confirm[] = []
  const reader = await bus.read({
    stream: 'TRADES',
    fromSequence: 1,
    onMessage: (message) => void confirms.push(decodeJson(confirmSchema, message.data, 'confirm') as Confirm),
  })
  return worldOf({ nats, databases, bus, ingestUrl: door.url, confirms }, reader, door)
}

function worldOf(
  parts: Pick<OrdersWorld, 'nats' | 'databases' | 'bus' | 'ingestUrl' | 'confirms'>,
  reader: Reader,
  door: { close(): Promise<void> },
): OrdersWorld {
  const { nats, databases, bus, ingestUrl, confirms } = parts
  const running: Running[] = []
  const buses: Bus[] = []
  const numbers = new Map<string, number>()
  const now = () => systemClock.nowUs() as Tick['receiveTimeUs']
  const config = (given: Partial<Config> = {}): Config => {
    const urls = databases.urls.orders.trade as string
    const own = { tradeDbUrl: urls, internalToken: TOKEN, ingestUrl, ordersAllowUnsafePostgres: true }
    return configSchema.parse({ ...own, ...given })
  }
  return {
    ...parts,
    config,
    async startOrders(given) {
      const own = await connectNats({ url: nats.url, name: 'orders' })
      const log = createLogger({ name: 'orders', level: process.env['CONTRAIL_TEST_LOG'] ?? 'silent' })
      const started = await start(config(given), { bus: own, log, clock: systemClock, metrics: createMetrics() })
      buses.push(own)
      running.push(started)
      return started
    },
    async quote(bid, ask, size = 1, ageMs = 0) {
      const atUs = (now() - ageMs * 1000) as Quote['receiveTimeUs']
      const quote: Quote = { bid, ask, bidQuantity: size, askQuantity: size, venueTimeUs: atUs, receiveTimeUs: atUs }
      await bus.publish(subjects.quote('sim', 'BTC-USDT'), encodeQuote(quote))
    },
    async tick(price, quantity, side = 'unknown') {
      const tick: Tick = { tradeId: 't', side, price, quantity, venueTimeUs: now(), receiveTimeUs: now() }
      await bus.publish(subjects.tick('sim', 'BTC-USDT'), encodeTick(tick))
    },
    async decide(strategy, intents, given = {}) {
      const number = given.number ?? (numbers.get(strategy) ?? 0) + 1
      numbers.set(strategy, number)
      await bus.publish(
        subjects.signal(strategy),
        encodeJson(decisionOf(strategy, number, intents(number), now(), given)),
      )
      return number
    },
    async confirmed(orderId, ...types) {
      const found = () => confirms.find((one) => one.orderId === orderId && types.includes(one.type))
      await until(`${orderId} ${types.join('|')}`, () => found() !== undefined)
      return found() as Confirm
    },
    async stop() {
      for (const one of running.reverse()) await one.stop().catch(() => undefined)
      await reader.stop()
      for (const one of [...buses, bus]) await one.close()
      await door.close()
      await databases.drop()
      await nats.stop()
    },
  }
}

function decisionOf(
  strategy: string,
  number: number,
  intents: Partial<Intent>[],
  atUs: number,
  given: Partial<Decision>,
): unknown {
  return {
    schema: 1,
    tenant: 'main',
    account: 'paper',
    strategy,
    epoch: 1,
    number,
    kind: 'decision',
    cause: { stream: 'MD', sequence: 1, subject: 'md.ticks.sim.BTC-USDT' },
    trail: [['MD', 1]],
    atUs,
    reasons: { code: HASH.slice(0, 4) },
    intents: intents.map((intent, index) => filledIn(intent, `${strategy}-${number}-${index}`)),
    ...given,
  }
}

function filledIn(intent: Partial<Intent>, orderId: string): unknown {
  if (intent.type === 'cancel' || intent.type === 'amend') return intent
  return {
    type: 'place',
    orderId,
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: 'buy',
    quantity: '0.01',
    orderType: 'market',
    timeInForce: 'GTC',
    postOnly: false,
    reduceOnly: false,
    ...intent,
  }
}
