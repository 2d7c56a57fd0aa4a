import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { knownFills, tradeName } from './load.ts'

let databases: TestDatabases
beforeAll(async () => {
  databases = await createTestDatabases()
})
afterAll(() => databases.drop())

test('a trade of one instrument is not taken for another that has its number', async () => {
  await databases.open('admin', 'trade').sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica` // fills without their orders
    for (const [instrument, price] of [
      ['BTC-USDT', 100],
      ['ETH-USDT', 5],
    ])
      await tx`
        insert into fills (tenant_id, account, strategy, venue, instrument, trade_id, order_id, side, quantity, price, fee,
          fee_asset, liquidity, venue_time_us, at_us)
        values ('main', 'paper', 's', 'sim', ${instrument as string}, '7', ${`of ${instrument}`}, 'buy', 1,
          ${price as number}, 0, 'USDT', 'taker', 1, 1)`
  })
  const database = databases.open('orders', 'trade', { tenant: 'main' })
  const known = await knownFills({ database, tenant: 'main', account: 'paper' }, ['7', '8'])
  const priceOf = (instrument: string) => known.get(tradeName({ venue: 'sim', instrument, tradeId: '7' }))?.price
  expect(['BTC-USDT', 'ETH-USDT', 'SOL-USDT'].map(priceOf)).toEqual(['100', '5', undefined])
})
