import { assertDurable, openDatabase } from '@contrail/db'
import { createHttp, listen } from '@contrail/runtime'
import type { Running, ServiceContext } from '@contrail/runtime'
import { createLedgerAccounts } from './books/ledger.ts'
import { createSeen } from './books/next.ts'
import type { PositionRow } from './books/positions.ts'
import { bookStartCash } from './books/start-cash.ts'
import type { Config } from './config.ts'
import { CONCURRENCY, consumeTrades } from './consume.ts'
import { routes } from './http/routes.ts'
import { createCash } from './live/cash.ts'
import { sampleEquity } from './live/equity.ts'
import { createMarks } from './live/marks.ts'
import { createPositionsKv } from './live/positions-kv.ts'
import { createReconciler } from './reconcile.ts'

export { configSchema } from './config.ts'

/** Fills -> ledger, positions, P&L, equity. Starting and recovering are the same lines. */
export async function start(config: Config, context: ServiceContext): Promise<Running> {
  const { bus, log, clock, metrics } = context
  const { tenant, account } = config
  const database = openDatabase(config.tradeDbUrl, { name: 'portfolio', tenant, max: 5 })
  // Of its own, and one as long as one is enough: a pool takes its connections in turn, and each finds its caches cold.
  const bookings = openDatabase(config.tradeDbUrl, { name: 'portfolio', tenant, max: CONCURRENCY })
  await assertDurable(database.sql, { allowUnsafe: config.portfolioAllowUnsafePostgres })
  const accounts = createLedgerAccounts(database.sql, tenant)
  const booked = await bookStartCash(database, accounts, {
    tenant,
    account,
    currencies: config.portfolioStartCurrencies.split(','),
    amount: config.portfolioStartCash,
    atUs: clock.nowUs(),
  })
  if (booked.length > 0) log.info({ account, currencies: booked }, 'start cash was booked')
  const marks = createMarks(bus, log)
  for (const row of await database.sql<PositionRow[]>`select * from positions where quantity <> 0`)
    await marks.warm(row.venue, row.instrument)
  const kv = createPositionsKv(await bus.kv('positions'), database.sql)
  log.info(await kv.rebuild(tenant, await bus.streamState('TRADES')), 'KV positions was held against Postgres')
  const valueOf = (asset: string, quote: string, venue: string) => marks.of(venue, `${asset}-${quote}`)
  const books = { database: bookings, accounts, seen: createSeen(), valueOf, onFolded: kv.showFolded }
  const consumer = await consumeTrades({ bus, kv, log, clock, metrics, tenant, ...books })
  const everySeconds = config.portfolioEquitySeconds
  const cash = createCash(database.sql, tenant)
  const equity = sampleEquity({ bus, database, tenant, marks, cash, log, everySeconds })
  const recheck = () => kv.lookAgain(() => bus.streamState('TRADES'))
  const everyRound = { everySeconds: config.portfolioReconcileSeconds, recheck }
  const reconciler = createReconciler({ ...context, database, tenant, ...everyRound })
  const ready = async () => (bus.connected ? [] : ['the bus is not connected'])
  const app = createHttp({ name: 'portfolio', log, metrics, internalToken: config.internalToken, ready })
  routes(app, { database, tenant, marks, cash }, account, () => clock.nowUs())
  const server = await listen(app, config)
  return {
    name: 'portfolio',
    url: server.url,
    async stop() {
      await server.close()
      await consumer.stop()
      await Promise.all([equity.stop(), reconciler.stop()])
      marks.stop()
      await Promise.all([bookings.close(), database.close()])
    },
  }
}
