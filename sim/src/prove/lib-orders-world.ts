import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { encodeJson, encodeQuote, encodeTick, subjects } from '@contrail/contracts'
import type { Instrument, Intent, Quote, Tick } from '@contrail/contracts'
import type { Database, Sql } from '@contrail/db'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { keepStreams, natsUsers, serverConfig } from '@contrail/nats'
import type { NatsUser } from '@contrail/nats'
import { connectNats, createHttp, createLogger, createMetrics, listen, systemClock } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { withUser } from '../../../scripts/platform/settings.ts'
import { freePort } from '../../../scripts/services/ports.ts'
import { outsideHome } from '../../../scripts/services/postgres-user.ts'
import { providePostgres } from '../../../scripts/services/postgres.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const TOKEN = 'prove-internal-token-0123456789'
const INSTRUMENT = {
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
/** A signal lives long here: every attempt that proves absent must be made again, so that nothing may be missing. */
const LIMITS = {
  signalAgeMaxUs: 600_000_000,
  tickAgeMaxUs: 10_000_000,
  duplicateWindowUs: 0,
  strategyPerSecond: 1e6,
  strategyPerMinute: 1e6,
  accountPerSecond: 1e6,
}
const BEAT_MS = 100

export type App = 'orders' | 'portfolio'
export type Life = { readonly child: ChildProcess; readonly ended: Promise<string>; logged(): string }
export type Market = { bid: number; ask: number; last: number; side: Tick['side'] }
export const CALM: Market = { bid: 100, ask: 100.1, last: 100, side: 'unknown' }

/** Servers and databases of its own, a market that beats, and the two services as processes that can be killed. */
export class OrdersWorld {
  readonly nats: TestNats
  readonly databases: TestDatabases
  readonly bus: Bus
  readonly #passwords: Record<NatsUser, string>
  readonly #ingestUrl: string
  readonly #lives = new Map<App, Life>()
  readonly #numbers = new Map<string, number>()
  readonly #ends: (() => Promise<void>)[]
  readonly #postgres: Postgres | undefined
  #looking: Database | undefined
  market: Market = CALM
  kills = 0
  readonly selfEnded: string[] = []

  constructor(parts: Parts) {
    this.nats = parts.nats
    this.databases = parts.databases
    this.bus = parts.bus
    this.#passwords = parts.passwords
    this.#ingestUrl = parts.ingestUrl
    this.#postgres = parts.postgres
    this.#ends = parts.ends
    const timer = setInterval(() => void this.beat().catch(() => undefined), BEAT_MS)
    this.#ends.push(async () => clearInterval(timer))
  }

  /** As superuser, for looking. */
  get sql(): Sql {
    this.#looking ??= this.databases.open('admin', 'trade', { max: 2 })
    return this.#looking.sql
  }

  get ownsPostgres(): boolean {
    return this.#postgres !== undefined
  }

  async beat(): Promise<void> {
    const { bid, ask, last, side } = this.market
    const atUs = systemClock.nowUs() as Quote['receiveTimeUs']
    const times = { venueTimeUs: atUs, receiveTimeUs: atUs }
    await this.bus.publish(
      subjects.quote('sim', 'BTC-USDT'),
      encodeQuote({ bid, ask, bidQuantity: 5, askQuantity: 5, ...times }),
    )
    await this.bus.publish(
      subjects.tick('sim', 'BTC-USDT'),
      encodeTick({ tradeId: 't', side, price: last, quantity: 1, ...times }),
    )
    await this.bus.publish(subjects.clock(), encodeJson({ schema: 1, receiveTimeUs: atUs }))
  }

  /** The next decision of a strategy, stored. */
  async decide(strategy: string, make: (number: number) => Record<string, unknown>[]): Promise<number> {
    const number = (this.#numbers.get(strategy) ?? 0) + 1
    this.#numbers.set(strategy, number)
    const intents = make(number).map((intent, index) => completed(intent, `${strategy}-${number}-${index}`))
    const decision = {
      schema: 1,
      tenant: 'main',
      account: 'paper',
      strategy,
      epoch: 1,
      number,
      kind: 'decision',
      cause: { stream: 'MD', sequence: 1, subject: 'md.clock' },
      trail: [['MD', 1]],
      atUs: systemClock.nowUs(),
      reasons: {},
      intents,
    }
    const messageId = `${strategy}-${number}`
    for (;;) {
      try {
        await this.bus.publish(subjects.signal(strategy), encodeJson(decision), { messageId })
        return number
      } catch (error) {
        // The server is down on purpose; the same message id makes a repeat harmless.
        if (!(error instanceof Error) || error.name === 'PublishRefused') throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  launch(app: App, crashAt?: string): Life {
    const role = app === 'orders' ? 'orders' : 'portfolio'
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      CONTRAIL_NATS_URL: withUser(this.nats.url, role, this.#passwords[role]),
      CONTRAIL_TRADE_DB_URL: this.databases.urls[role].trade as string,
      CONTRAIL_INTERNAL_TOKEN: TOKEN,
      CONTRAIL_LOG_LEVEL: process.env['CONTRAIL_LOG_LEVEL'] ?? 'warn',
      ...(crashAt ? { CONTRAIL_CRASH_AT: crashAt } : {}),
      ...(app === 'orders' ? this.#ordersEnv() : this.#portfolioEnv()),
    }
    const main = path.join(root, 'apps', app, 'src/main.ts')
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let log = ''
    const keep = (chunk: Buffer) => (log = (log + chunk.toString()).slice(-8000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const ended = once(child, 'exit').then(([code, signal]) => {
      // A service may end itself when it cannot go on, and be started again; that is told, because it costs time.
      if (signal === null) this.selfEnded.push(`${app} ended with ${code}: ${firstError(log)}`)
      return String(signal ?? code)
    })
    const life = { child, ended, logged: () => log }
    this.#lives.set(app, life)
    return life
  }

  #ordersEnv(): Record<string, string> {
    return {
      CONTRAIL_INGEST_URL: this.#ingestUrl,
      CONTRAIL_ORDERS_LIMITS: JSON.stringify({ platform: LIMITS }),
      CONTRAIL_ORDERS_RECONCILE_MS: '500',
      ...(this.ownsPostgres ? {} : { CONTRAIL_ORDERS_ALLOW_UNSAFE_POSTGRES: 'true' }),
    }
  }

  #portfolioEnv(): Record<string, string> {
    return this.ownsPostgres ? {} : { CONTRAIL_PORTFOLIO_ALLOW_UNSAFE_POSTGRES: 'true' }
  }

  /** Runs, unarmed: what is needed for anything to go on. */
  ensure(app: App): void {
    const life = this.#lives.get(app)
    if (life && life.child.exitCode === null && life.child.signalCode === null) return
    this.launch(app)
  }

  life(app: App): Life | undefined {
    return this.#lives.get(app)
  }

  async kill(app: App): Promise<void> {
    const life = this.#lives.get(app)
    if (!life || life.child.exitCode !== null || life.child.signalCode !== null) return
    life.child.kill('SIGKILL')
    await life.ended
    this.kills++
  }

  /** kill -9 and a start on the same data; without a server of its own, every session of the database is ended. */
  async breakPostgres(): Promise<void> {
    if (this.#postgres) return await this.#postgres.kill9AndRestart()
    await this.sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`
  }

  async breakNats(): Promise<void> {
    this.nats.kill9()
    await this.nats.restart()
  }

  async stop(): Promise<void> {
    for (const app of this.#lives.keys()) await this.kill(app)
    const failed: unknown[] = []
    for (const end of this.#ends.reverse()) await end().catch((error: unknown) => failed.push(error))
    for (const error of failed) console.error('left behind:', error)
  }
}

type Postgres = { kill9AndRestart(): Promise<void> }
type Parts = {
  nats: TestNats
  databases: TestDatabases
  bus: Bus
  passwords: Record<NatsUser, string>
  ingestUrl: string
  postgres: Postgres | undefined
  ends: (() => Promise<void>)[]
}

/** `ownPostgres`: a cluster of its own that flushes to disk and may be killed; else the one in the environment. */
export async function ordersWorld(options: {
  ownPostgres: boolean
  say: (line: string) => void
}): Promise<OrdersWorld> {
  const ends: (() => Promise<void>)[] = []
  const postgres = options.ownPostgres ? await startOwnPostgres(options.say, ends) : undefined
  const passwords = Object.fromEntries(natsUsers.map((user) => [user, `prove-${user}-0123456789`])) as Record<
    NatsUser,
    string
  >
  const nats = await startTestNats({ config: (where) => serverConfig({ ...where, passwords }) })
  ends.push(() => nats.stop())
  const operator = withUser(nats.url, 'operator', passwords.operator)
  const keeper = await keepStreams(operator)
  ends.push(() => keeper.stop())
  const databases = await createTestDatabases({ timescale: 'none' })
  ends.push(() => databases.drop())
  const log = createLogger({ name: 'prove', level: 'silent' })
  const ingest = createHttp({ name: 'ingest', log, metrics: createMetrics(), internalToken: TOKEN })
  ingest.get('/instruments', (c) => c.json({ items: [INSTRUMENT] }))
  const door = await listen(ingest, { host: '127.0.0.1', port: 0 })
  ends.push(() => door.close())
  const bus = await connectNats({ url: operator, name: 'prove' })
  ends.push(() => bus.close())
  return new OrdersWorld({ nats, databases, bus, passwords, ingestUrl: door.url, postgres, ends })
}

async function startOwnPostgres(say: (line: string) => void, ends: (() => Promise<void>)[]): Promise<Postgres> {
  const home = mkdtempSync(path.join(tmpdir(), 'contrail-prove-'))
  const port = await freePort()
  const provide = () =>
    providePostgres({
      home,
      password: 'prove-postgres-0123',
      timescale: false,
      durable: true,
      takePort: async () => port,
      say,
    })
  let running = await provide()
  process.env['CONTRAIL_POSTGRES_URL'] = running.url
  ends.push(async () => {
    await running.child?.stop()
    for (const folder of [home, outsideHome(home)]) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return {
    async kill9AndRestart() {
      running.child?.kill()
      await running.child?.ended
      running = await provide()
    },
  }
}

function completed(intent: Record<string, unknown>, orderId: string): Partial<Intent> {
  if (intent['type'] === 'cancel' || intent['type'] === 'amend') return intent
  const common = {
    type: 'place',
    orderId,
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: 'buy',
    quantity: '0.01',
  } as const
  return { ...common, timeInForce: 'GTC', postOnly: false, reduceOnly: false, ...intent } as Partial<Intent>
}

/**
 * What stands still is found by this, what is slow is not: to start both services takes two seconds of a processor, which is
 * 20 s where 20 processes share two.
 */
const AWAITED_MS = 180_000

/** For a condition that must come; says what was seen last and what the services logged when it does not. */
export async function awaited(
  world: OrdersWorld,
  what: string,
  holds: () => Promise<boolean>,
  limitMs = AWAITED_MS,
  seen: () => unknown = () => undefined,
) {
  let last: unknown
  // While a server is down on purpose a question fails; the next one may not.
  const asked = () =>
    holds().catch((error: unknown) => {
      last = error
      return false
    })
  try {
    await until(what, asked, limitMs)
  } catch {
    const logs = (['orders', 'portfolio'] as const).map((app) => `${app}: ${world.life(app)?.logged().slice(-1500)}`)
    throw new Error(`${what} did not come; seen: ${JSON.stringify(seen())}\n${logs.join('\n')}`, { cause: last })
  }
}

const firstError = (log: string): string => /"(?:err|msg)".{0,600}|Error: .{0,300}/.exec(log)?.[0] ?? log.slice(-300)
