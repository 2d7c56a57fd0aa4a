import { compareDecimal } from '@contrail/contracts'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import type { VenueOrder, VenueReport } from '@contrail/trading'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PaperPositions, writeStep } from './paper-store.ts'
import type { VenuePosition } from './port.ts'

let databases: TestDatabases
beforeAll(async () => {
  databases = await createTestDatabases()
})
afterAll(() => databases.drop())

const ACCOUNTS = ['one', 'two'] as const
const fills = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  subAccount: fc.constantFrom('a', 'b'),
  instrument: fc.constantFrom('BTC-USDT', 'ETH-USDT'),
  side: fc.constantFrom('buy', 'sell'),
  quantity: fc.integer({ min: 1, max: 10_000_000 }).map((lots) => (lots / 1e6).toFixed(6)),
})
type Given = typeof fills extends fc.Arbitrary<infer T> ? T : never

let serial = 0
/** One step of the venue that fills one order whole. */
function stepOf({ subAccount, instrument, side, quantity }: Given) {
  const clOrdId = `q${++serial}`
  const order = { clOrdId, venue: 'sim', instrument, orderType: 'market', state: 'done' } as VenueOrder
  const fill = { tradeId: `${clOrdId}-1`, quantity, price: '1', fee: '0', feeAsset: 'USDT', liquidity: 'taker' }
  const report = { type: 'filled', origin: clOrdId, atUs: serial, subAccount, side, fill } as unknown as VenueReport
  return { orders: [order], reports: [report], nowUs: serial }
}

const held = (positions: readonly VenuePosition[]) =>
  positions
    .filter(({ quantity }) => compareDecimal(quantity, '0') !== 0)
    .map(({ subAccount, instrument, quantity }) => `${subAccount} ${instrument} ${quantity}`)
    .sort()

test('positions that are counted on from where they were counted are those of all fills', async () => {
  const { sql } = databases.open('admin', 'trade')
  for (const account of ACCOUNTS)
    await sql`insert into venue_leases (venue, account, tenant_id, holder, epoch, expires_us)
      values ('paper', ${account}, 'main', 'x', 1, 0)`
  const database = databases.open('orders', 'trade', { tenant: 'main' })
  const books = (account: string) => ({ database, tenant: 'main', account, instrumentOf: () => undefined })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fills, { maxLength: 6 }), { maxLength: 6 }), async (rounds) => {
      const counting = ACCOUNTS.map((account) => new PaperPositions(books(account)))
      for (const round of rounds) {
        for (const given of round) await writeStep(books(given.account), 1, stepOf(given))
        for (const [at, account] of ACCOUNTS.entries())
          expect(held(await (counting[at] as PaperPositions).now())).toEqual(
            held(await new PaperPositions(books(account)).now()),
          )
      }
    }),
    { numRuns: 20 },
  )
})

test('a step under an epoch that is over is not written', async () => {
  const { sql } = databases.open('admin', 'trade')
  await sql`insert into venue_leases (venue, account, tenant_id, holder, epoch, expires_us)
    values ('paper', 'three', 'main', 'x', 2, 0)`
  const database = databases.open('orders', 'trade', { tenant: 'main' })
  const books = { database, tenant: 'main', account: 'three', instrumentOf: () => undefined }
  const given = { account: 'one', subAccount: 'a', instrument: 'BTC-USDT', side: 'buy', quantity: '1' } as const
  await expect(writeStep(books, 1, stepOf(given))).rejects.toThrow('epoch 1 of account three is over')
  expect(await new PaperPositions(books).now()).toEqual([])
  await writeStep(books, 2, stepOf(given))
  expect(held(await new PaperPositions(books).now())).toEqual(['a BTC-USDT 1'])
})
