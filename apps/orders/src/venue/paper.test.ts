import type { Instrument } from '@contrail/contracts'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { createLogger, createMemoryBus, systemClock } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import type { Approved, PlaceRequest } from '@contrail/trading'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MarketData } from '../market-data.ts'
import { INSTRUMENT } from '../testing.ts'
import { PaperVenue } from './paper.ts'

let databases: TestDatabases
let venue: PaperVenue
beforeAll(async () => {
  databases = await createTestDatabases()
  const { sql } = databases.open('admin', 'trade')
  await sql`insert into venue_leases (venue, account, tenant_id, holder, epoch, expires_us)
    values ('paper', 'paper', 'main', 'x', 1, 0)`
  venue = new PaperVenue({
    database: databases.open('orders', 'trade', { tenant: 'main', max: 1 }),
    tenant: 'main',
    account: 'paper',
    market: new MarketData(createMemoryBus(), systemClock, 'wall'),
    settings: { latencyUs: 0, liquidity: 'quoted' },
    instrumentOf: () => INSTRUMENT as Instrument,
    log: createLogger({ name: 'paper', level: 'silent' }),
  })
  await venue.recover(1)
  venue.resume()
})
afterAll(() => databases.drop())

const hangingOn = (parent: string) => {
  const terms = { side: 'buy', orderType: 'limit', quantity: '1', price: '99', timeInForce: 'GTC', parent }
  const request = {
    subAccount: 's',
    venue: 'sim',
    instrument: 'BTC-USDT',
    postOnly: false,
    reduceOnly: false,
    ...terms,
  }
  return { request } as unknown as Approved<PlaceRequest>
}

test('a request that still waits for the books is not said to be absent', async () => {
  const admin = databases.open('admin', 'trade', { max: 1 }).sql
  const looking = databases.open('admin', 'trade', { max: 1 }).sql
  let placed: Promise<unknown> | undefined
  let answer: ReturnType<PaperVenue['query']> | undefined
  await admin.begin(async (tx) => {
    await tx`lock table paper_orders in access exclusive mode`
    placed = venue.place('qchild', hangingOn('qparent'), 1)
    await until('it waits for the table', async () => {
      const [row] = await looking`select count(*)::int as waiting from pg_locks
        where not granted and relation = 'paper_orders'::regclass`
      return row?.['waiting'] === 1
    })
    // Whoever has waited long enough asks what became of it.
    answer = venue.query('qchild', 'qchild')
  })
  await placed
  expect((await answer)?.request).not.toBe('absent')
})
