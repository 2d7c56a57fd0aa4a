import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { encodeJson, encodeQuote, positionSchema, subjects } from '@contrail/contracts'
import type { Confirm, PositionValue, Quote } from '@contrail/contracts'
import { createTestDatabases } from '@contrail/db/testing'
import { connectNats, createLogger, createMetrics, internalClient, manualClock } from '@contrail/runtime'
import type { Bus, Metrics, Running } from '@contrail/runtime'
import { ensureBucket, ensureConsumer, ensureStream, startTestNats } from '@contrail/runtime/testing'
import { configSchema, start } from '../index.ts'

export const TOKEN = 'token-of-the-portfolio-test'
const START_US = 1_700_000_000_000_000

export type Told = Partial<Omit<Confirm, 'fill'>> & { fill?: Partial<NonNullable<Confirm['fill']>> }

/** A real server and real databases, and one portfolio service that can be stopped and started. */
export async function startWorld() {
  const nats = await startTestNats()
  await ensureStream(nats.url, 'TRADES', ['trades.>'])
  await ensureStream(nats.url, 'MD', ['md.>'], { memory: true })
  await ensureStream(nats.url, 'ALERTS', ['alerts.>'])
  await ensureStream(nats.url, 'DLQ', ['dlq.>'])
  await ensureBucket(nats.url, 'positions')
  await ensureConsumer(nats.url, 'TRADES', 'portfolio', { ackWaitMs: 1000, attemptsMax: 3 })
  const databases = await createTestDatabases()
  const bus = await connectNats({ url: nats.url, name: 'test' })
  const admin = databases.open('admin', 'trade', { tenant: 'main' })
  const clock = manualClock(START_US)
  const positions = await bus.kv('positions')
  let metrics: Metrics = createMetrics()
  let running: { service: Running; bus: Bus } | undefined

  const env = {
    tradeDbUrl: databases.urls.portfolio.trade as string,
    internalToken: TOKEN,
    portfolioEquitySeconds: 1,
    portfolioAllowUnsafePostgres: true,
  }
  const world = {
    nats,
    bus,
    databases,
    clock,
    sql: admin.sql,
    env,
    async start(options: Record<string, unknown> = {}): Promise<string> {
      const own = await connectNats({ url: nats.url, name: 'portfolio' })
      const log = createLogger({ name: 'portfolio', level: 'silent' })
      const config = configSchema.parse({ ...env, ...options })
      metrics = createMetrics()
      const service = await start(config, { bus: own, log, clock, metrics })
      running = { service, bus: own }
      return service.url as string
    },
    async stop(): Promise<void> {
      await running?.service.stop()
      await running?.bus.close()
      running = undefined
    },
    get: <T>(path: string) => internalClient(running?.service.url as string, TOKEN).get<T>(path),
    publish: (confirm: Confirm) =>
      bus.publish(subjects.confirm(confirm.account, confirm.strategy), encodeJson(confirm)),
    quote: (instrument: string, bid: number, ask: number) =>
      bus.publish(
        subjects.quote('sim', instrument),
        encodeQuote({ bid, ask, bidQuantity: 1, askQuantity: 1, venueTimeUs: 1, receiveTimeUs: 1 } as Quote),
      ),
    tickClock: (atUs: number) => bus.publish('md.clock', encodeJson({ schema: 1, receiveTimeUs: atUs })),
    async shown(strategy: string, instrument = 'BTC-USDT'): Promise<PositionValue | undefined> {
      const entry = await positions.get(`paper.${strategy}.sim.${instrument}`)
      return entry?.value && positionSchema.parse(JSON.parse(Buffer.from(entry.value).toString()))
    },
    /** How often the reconciler has looked. */
    async looks(): Promise<number> {
      const line = /^contrail_portfolio_reconciliations_total (\d+)$/m.exec(await metrics.text())
      return Number(line?.[1] ?? 0)
    },
    async booked(strategy?: string): Promise<number> {
      const [row] = await admin.sql<[{ count: number }]>`
        select count(*) from portfolio_fills where strategy = coalesce(${strategy ?? null}, strategy)`
      return row.count
    },
    /** The service in a process of its own, which a crash point may kill. */
    fork(crashAt?: string): ChildProcess {
      return fork(path.join(import.meta.dirname, 'killable.ts'), [], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {
          PATH: process.env['PATH'] ?? '',
          CONTRAIL_NATS_URL: nats.url,
          CONTRAIL_TRADE_DB_URL: env.tradeDbUrl,
          CONTRAIL_INTERNAL_TOKEN: TOKEN,
          CONTRAIL_PORTFOLIO_ALLOW_UNSAFE_POSTGRES: 'true',
          ...(crashAt ? { CONTRAIL_CRASH_AT: crashAt } : {}),
        },
      })
    },
    async drop(): Promise<void> {
      await world.stop()
      await bus.close()
      await databases.drop()
      await nats.stop()
    },
  }
  return world
}
export type World = Awaited<ReturnType<typeof startWorld>>

let count = 0

/** A report with a fill: 1 BTC-USDT at 100, fee 0.1 USDT, bought by strategy `s`, unless told otherwise. */
export function report(told: Told = {}): Confirm {
  const number = ++count
  const { fill, ...rest } = told
  const atUs = START_US + number * 1000
  return {
    schema: 1,
    reportId: String(number),
    type: 'filled',
    tenant: 'main',
    account: 'paper',
    strategy: 's',
    orderId: `s-${number}-0`,
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: 'buy',
    orderType: 'market',
    quantity: '1',
    status: 'filled',
    cumQuantity: '1',
    leavesQuantity: '0',
    atUs,
    ...rest,
    fill: {
      tradeId: `t${String(number).padStart(6, '0')}`,
      quantity: '1',
      price: '100',
      fee: '0.1',
      feeAsset: 'USDT',
      liquidity: 'taker',
      venueTimeUs: atUs,
      ...fill,
    },
  } as unknown as Confirm
}
