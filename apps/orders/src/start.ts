import { refuse } from '@contrail/contracts'
import { assertDurable, openDatabase } from '@contrail/db'
import type { Database } from '@contrail/db'
import { crashPoint, createHttp, listen } from '@contrail/runtime'
import type { BusMessage, Consumer, Running, ServiceContext } from '@contrail/runtime'
import { AccountWriter } from './account/account.ts'
import { decide } from './account/decide.ts'
import { Outbox } from './account/outbox.ts'
import { Alerts } from './alerts.ts'
import { settingsOf } from './config.ts'
import type { Config, Settings } from './config.ts'
import { Halts } from './halts.ts'
import { addRoutes } from './http/routes.ts'
import { Instruments } from './instruments.ts'
import { arrivedOf } from './intake.ts'
import { ManualDesk } from './manual.ts'
import { MarketData } from './market-data.ts'
import { orderMetrics } from './metrics.ts'
import { PaperVenue } from './venue/paper.ts'

/** Besides its writer and its venue, which have one of their own each: marks; and a few for reading. */
const CONNECTIONS_PER_ACCOUNT = 1
const CONNECTIONS_FOR_READING = 3
/** Accounts that are worked on at the same time. */
const CONCURRENCY = 32
const DRAIN_MS = 3000

type Parts = {
  readonly config: Config
  readonly settings: Settings
  readonly context: ServiceContext
  readonly database: Database
  /** One connection, for what is done one after another and waited for. */
  readonly openLane: () => Database
  readonly market: MarketData
  readonly halts: Halts
  readonly alerts: Alerts
  readonly instruments: Instruments
}

export async function start(config: Config, context: ServiceContext): Promise<Running> {
  const settings = settingsOf(config)
  const parts = await openParts(config, settings, context)
  const { database, halts, instruments, market } = parts
  const accounts = new Map(settings.accounts.map((account) => [account as string, accountOf(parts, account)]))
  let state = 'starting'
  const ready = async () => [
    ...(state === 'ready' ? [] : [`orders: ${state}`]),
    ...(context.bus.connected ? [] : ['no connection to NATS']),
    ...[...accounts.values()].flatMap((account) => account.reasons()),
    ...(await database.sql`select 1`.then(
      () => [],
      () => ['no connection to the trade database'],
    )),
  ]
  const { internalToken, host, port } = config
  const app = createHttp({ name: 'orders', log: context.log, metrics: context.metrics, internalToken, ready })
  const manual = new ManualDesk(database, context, settings)
  addRoutes(app, { database, context, settings, accounts, halts, instruments, manual })
  const server = await listen(app, { host, port })
  const cancelAll = (scope: string) => {
    for (const account of accounts.values())
      account
        .cancelScope(scope)
        .catch((error: unknown) => context.log.error({ err: error, scope }, 'orders of a halted scope stay open'))
  }
  await halts.start(cancelAll)
  await Promise.all([...accounts.values()].map((account) => account.start()))
  const consumer = await consume(parts, accounts)
  state = 'ready'
  context.log.info({ accounts: settings.accounts, url: server.url }, 'orders are taken')
  return {
    name: 'orders',
    url: server.url,
    async stop() {
      state = 'stopping'
      await server.close()
      await halts.stop()
      // What is in hand is finished; what waits for a server that does not answer is given back.
      const drained = consumer.stop()
      let timer: { cancel(): void } | undefined
      await Promise.race([drained, new Promise<void>((resolve) => (timer = context.clock.setTimer(DRAIN_MS, resolve)))])
      timer?.cancel()
      await Promise.all([...accounts.values()].map((account) => account.stop()))
      await drained
      market.stop()
      await database.close()
    },
  }
}

async function openParts(config: Config, settings: Settings, context: ServiceContext): Promise<Parts> {
  const { bus, clock, log } = context
  const max = settings.accounts.length * CONNECTIONS_PER_ACCOUNT + CONNECTIONS_FOR_READING
  const databaseOf = (connections: number) =>
    openDatabase(config.tradeDbUrl, { max: connections, name: 'orders', tenant: settings.tenant })
  const pool = databaseOf(max)
  // A pool takes its connections in turn: each would find its processor's caches cold.
  const lanes: Database[] = []
  const openLane = () => {
    const lane = databaseOf(1)
    lanes.push(lane)
    return lane
  }
  const close = async () => void (await Promise.all([pool, ...lanes].map((one) => one.close())))
  const database: Database = { ...pool, close }
  await assertDurable(database.sql, { allowUnsafe: config.ordersAllowUnsafePostgres })
  const market = new MarketData(bus, clock, config.ordersStaleClock)
  await market.start()
  const instruments = new Instruments({
    database,
    ingestUrl: config.ingestUrl,
    internalToken: config.internalToken,
    tenant: settings.tenant,
    log,
    nowMs: () => clock.monotonicMs(),
  })
  await instruments.load()
  const halts = new Halts(await bus.kv('halts'), clock, log)
  return {
    config,
    settings,
    context,
    database,
    openLane,
    market,
    halts,
    alerts: new Alerts(bus, clock, log),
    instruments,
  }
}

function accountOf(parts: Parts, account: string): AccountWriter {
  const { config, settings, context, database, openLane, market, halts, alerts, instruments } = parts
  const { bus, clock } = context
  const log = context.log.child({ account })
  const writer = { database: openLane(), tenant: settings.tenant, account }
  const venue = new PaperVenue({
    ...writer,
    database: openLane(),
    market,
    settings: { latencyUs: Math.round(config.ordersLatencyMs * 1000), liquidity: config.ordersLiquidity },
    instrumentOf: (key) => instruments.known(key),
    log,
  })
  const outbox = new Outbox({ ...writer, database }, bus, clock, log)
  const metrics = orderMetrics(context.metrics)
  const { limits } = settings
  const desk = { writer, venue, clock, log, market, instruments, limits, halts, alerts, metrics, outbox, told: [] }
  const { ordersInstance: holder, ordersLeaseMs: leaseMs, ordersReconcileMs: reconcileMs } = config
  return new AccountWriter(desk, { holder, leaseMs, reconcileMs })
}

/** Strict order within an account, other accounts beside it. Acked after the commit and its reports. */
async function consume(parts: Parts, accounts: ReadonlyMap<string, AccountWriter>): Promise<Consumer> {
  const { context, alerts } = parts
  const { bus, log } = context
  let incarnation = ''
  const look = async () => void (incarnation = (await bus.streamState('ORDERS'))?.incarnation ?? incarnation)
  await look()
  bus.onStatus((status) => {
    if (status === 'connected') look().catch((error: unknown) => log.warn({ err: error }, 'ORDERS does not answer'))
  })
  const writerOf = (account: string): AccountWriter => {
    const writer = accounts.get(account)
    if (!writer) throw refuse('invalid', 'signal.account', account, `use one of ${[...accounts.keys()].join(', ')}`)
    return writer
  }
  return await bus.consume({
    stream: 'ORDERS',
    durable: 'orders',
    concurrency: CONCURRENCY,
    key: (message) => arrivedOf(message, incarnation).account,
    async onMessage(message: BusMessage) {
      const arrived = arrivedOf(message, incarnation)
      const writer = writerOf(arrived.account)
      if (arrived.kind === 'nothing') return
      await writer.run((desk) => decide(desk, arrived.decision))
      await writer.desk.outbox.flush()
      crashPoint('orders.after_publish_before_ack')
    },
    async onDead(message, cause, attempts) {
      const text = `${message.subject} ${message.sequence} is a dead letter after ${attempts}: ${cause.message}`
      alerts.send('warning', 'dead_letter', text, { stream: 'ORDERS', sequence: String(message.sequence) })
    },
    onProblem: (problem) => log.warn({ err: problem }, 'reading ORDERS'),
  })
}
