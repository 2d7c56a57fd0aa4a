import { encodeJson } from '@contrail/contracts'
import type { Alert, DeadLetter, EquityPoint, PnlView, PositionView } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { report, startWorld } from './testing/world.ts'
import type { World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.start()
})
afterAll(() => world.drop())

type Items<T> = { items: T[] }
const position = async (strategy: string, instrument = 'BTC-USDT'): Promise<PositionView | undefined> => {
  const { items } = await world.get<Items<PositionView>>(`/positions?account=paper&strategy=${strategy}`)
  return items.find((one) => one.instrument === instrument)
}
const trial = () => world.get<{ items: { asset: string; sum: string }[]; balanced: boolean }>('/trial-balance')
const json = <T>(data: Uint8Array | undefined): T => JSON.parse(Buffer.from(data ?? []).toString()) as T

test('the paper account has its start cash once, however often the service starts', async () => {
  await world.stop()
  await world.start()
  const { items } = await world.get<Items<object>>('/balances?account=paper')
  expect(items).toEqual([{ account: 'paper', asset: 'USDT', amount: '100000', cash: '100000', inventory: '0' }])
})

test('fills move the position, the ledger and the value for eyes', async () => {
  await world.quote('BTC-USDT', 119, 121)
  await world.publish(report({ strategy: 'a' as never }))
  await world.publish(report({ strategy: 'a' as never, fill: { price: '110' } }))
  await world.publish(report({ strategy: 'a' as never, side: 'sell', fill: { quantity: '0.5', price: '125' } }))
  await until('three fills are shown', async () => (await world.shown('a'))?.fills === 3)
  expect(await world.shown('a')).toMatchObject({ quantity: '1.5', averagePrice: '105', realised: '9.7', fees: '0.3' })
  // What is for eyes may be there before the books are.
  await until('the third is booked', async () => (await position('a'))?.quantity === '1.5')
  await until('the mark has come', async () => (await position('a'))?.mark === '120')
  expect(await position('a')).toMatchObject({ quantity: '1.5', mark: '120', unrealised: '22.5', realised: '9.7' })
  expect(await trial()).toMatchObject({ balanced: true })
  const { items } = await world.get<Items<{ asset: string; amount: string }>>('/balances')
  expect(items).toContainEqual({ account: 'paper', asset: 'BTC', amount: '1.5', cash: '0', inventory: '1.5' })
  expect(items.find(({ asset }) => asset === 'USDT')?.amount).toBe('99852.2')
})

test('reports without a fill book nothing', async () => {
  const before = await world.booked()
  const { fill: _fill, ...accepted } = report({ strategy: 'a' as never, type: 'accepted', status: 'new' })
  await world.publish(accepted)
  await world.publish(report({ strategy: 'a' as never, side: 'sell', fill: { quantity: '0.5', price: '105' } }))
  await until('the fill behind it is booked', async () => (await world.booked()) === before + 1)
})

test('repeats and another order of arrival change nothing', async () => {
  const fills = [
    report({ strategy: 'b' as never, fill: { quantity: '2', price: '100' } }),
    report({ strategy: 'b' as never, side: 'sell', fill: { quantity: '3', price: '130' } }),
    report({ strategy: 'b' as never, fill: { quantity: '4', price: '90', fee: '0.001', feeAsset: 'BTC' } }),
    report({ strategy: 'b' as never, side: 'sell', fill: { quantity: '1', price: '95' } }),
  ]
  const renamed = fills.map((one) => ({
    ...one,
    strategy: 'c',
    fill: { ...one.fill, tradeId: `c${one.fill?.tradeId}` },
  })) as unknown as typeof fills
  for (const one of fills) await world.publish(one)
  for (const index of [3, 1, 1, 0, 2, 3, 0]) await world.publish(renamed[index] as never)
  await until('both have four fills', async () => {
    const [b, c] = [await world.shown('b'), await world.shown('c')]
    return b?.fills === 4 && c?.fills === 4
  })
  const facts = async (strategy: string) => {
    const { quantity, averagePrice, realised, fees } = (await position(strategy)) as PositionView
    return { quantity, averagePrice, realised, fees }
  }
  expect(await facts('c')).toEqual(await facts('b'))
  const lots = (strategy: string) => world.sql`
    select right(trade_id, 6) as trade, quantity, cost from fifo_lots where strategy = ${strategy} order by 1`
  expect([...(await lots('c'))]).toEqual([...(await lots('b'))])
  expect(await trial()).toMatchObject({ balanced: true })
})

test('a bust takes the trade back, before or after it came', async () => {
  const kept = report({ strategy: 'd' as never, fill: { price: '100' } })
  const busted = report({ strategy: 'd' as never, fill: { price: '500' } })
  const early = report({ strategy: 'd' as never, fill: { price: '700' } })
  const bustOf = (one: typeof kept) => ({
    ...one,
    type: 'reconciled' as const,
    reason: { code: 'trade_busted', text: 'the venue took it back' },
  })
  for (const one of [bustOf(early), busted, kept, bustOf(busted), early, bustOf(busted)]) await world.publish(one)
  const last = report({ strategy: 'd' as never, fill: { price: '200' } })
  await world.publish(last)
  await until('the last fill is shown', async () => (await world.shown('d'))?.averagePrice === '150')
  expect(await position('d')).toMatchObject({ quantity: '2', averagePrice: '150', realised: '-0.2', fills: 2 })
  expect(await trial()).toMatchObject({ balanced: true })
  const inventory = await world.sql`
    select sum(amount)::text as held from ledger_entries e join ledger_accounts a on a.id = e.ledger_account_id
    where a.strategy = 'd' and a.kind = 'inventory'`
  expect(inventory[0]).toEqual({ held: '2' })
})

test('a bust that comes before its fill holds also for a position that is at hand', async () => {
  const [first, second, taken, last] = ['100', '110', '700', '120'].map((price) =>
    report({ strategy: 'at-hand' as never, fill: { price } }),
  ) as [ReturnType<typeof report>, ReturnType<typeof report>, ReturnType<typeof report>, ReturnType<typeof report>]
  const reason = { code: 'trade_busted', text: 'the venue took it back' }
  for (const one of [first, second, { ...taken, type: 'reconciled' as const, reason }, taken, last])
    await world.publish(one)
  await until('the last fill is shown', async () => (await world.shown('at-hand'))?.averagePrice === '110')
  expect(await position('at-hand')).toMatchObject({ quantity: '3', averagePrice: '110', fills: 3 })
  expect(await trial()).toMatchObject({ balanced: true })
})

test('a trade told again with other content is not booked, and a person is told', async () => {
  const told = report({ strategy: 'e' as never })
  await world.publish(told)
  await world.publish({ ...told, fill: { ...told.fill, price: '101' } } as never)
  await until('it lies in the dead letters', async () => {
    const letter = await world.bus.lastOnSubject('DLQ', 'dlq.TRADES.portfolio')
    return /price was booked as 100/.test(json<DeadLetter>(letter?.data ?? encodeJson({})).cause ?? '')
  })
  await until('an alert is there', async () => {
    const alert = await world.bus.lastOnSubject('ALERTS', 'alerts.critical.fill_not_booked')
    return json<Alert>(alert?.data ?? encodeJson({})).text?.includes('101') === true
  })
  expect(await position('e')).toMatchObject({ quantity: '1', averagePrice: '100' })
})

test('a message that is no report does not keep the next one waiting', async () => {
  await world.bus.publish('trades.confirm.paper.f', encodeJson({ schema: 1, fill: 'nonsense' }))
  await world.publish(report({ strategy: 'f' as never, tenant: 'other' as never }))
  await world.publish(report({ strategy: 'f' as never }))
  await until('the good one is shown', async () => (await world.shown('f'))?.fills === 1)
})

test('equity is cash and what is open at the mark, sampled by the clock of the platform', async () => {
  await world.tickClock(5_000_000)
  const points = () => world.get<Items<EquityPoint>>('/equity?account=paper&limit=1')
  await until('a point is there', async () => (await points()).items[0]?.atUs === 5_000_000)
  const { items: open } = await world.get<Items<PositionView>>('/positions')
  const { items: balances } = await world.get<Items<{ asset: string; cash: string }>>('/balances')
  const cash = Number(balances.find(({ asset }) => asset === 'USDT')?.cash)
  const worth = open.reduce((sum, one) => sum + Number(one.quantity) * 120, 0)
  expect(Number((await points()).items[0]?.equity)).toBeCloseTo(cash + worth, 6)
  const { items: pnl } = await world.get<Items<PnlView>>('/pnl?group=account')
  expect(pnl.map(({ group, currency, capital }) => [group, currency, capital])).toEqual([['paper', 'USDT', '100000']])
  const sums = [pnl[0]?.capital, pnl[0]?.realised, pnl[0]?.unrealised].map(Number)
  expect(sums.reduce((a, b) => a + b, 0)).toBeCloseTo(cash + worth, 6)
})

test('every grouping of P&L has the same sum', async () => {
  const totals = await Promise.all(
    ['strategy', 'instrument', 'day', 'account'].map(async (group) => {
      const { items } = await world.get<Items<PnlView>>(`/pnl?group=${group}`)
      const sum = (field: 'realised' | 'unrealised' | 'fees' | 'fills') =>
        items.reduce((total, item) => total + Number(item[field]), 0).toFixed(9)
      return { realised: sum('realised'), unrealised: sum('unrealised'), fees: sum('fees'), fills: sum('fills') }
    }),
  )
  for (const one of totals) expect(one).toEqual(totals[0])
})

test('the ledger is shown page by page, newest first, whole', async () => {
  type Page = Items<{ transaction: number; amount: string; asset: string }> & { next?: string }
  const all: Page['items'] = []
  let next: string | undefined
  do {
    const page: Page = await world.get(`/ledger?account=paper&limit=7${next ? `&cursor=${next}` : ''}`)
    all.push(...page.items)
    next = page.next
  } while (next)
  const [row] = await world.sql`select count(*) from ledger_entries`
  expect(all).toHaveLength(row?.['count'] as number)
  expect(all.map(({ transaction }) => transaction)).toEqual(
    all.map(({ transaction }) => transaction).sort((a, b) => b - a),
  )
  await expect(world.get('/ledger?cursor=nonsense')).rejects.toMatchObject({ code: 'invalid_cursor' })
  await expect(world.get('/pnl?group=colour')).rejects.toMatchObject({ code: 'invalid' })
})

test('a start makes the value for eyes what Postgres says', async () => {
  const before = await world.shown('a')
  const positions = await world.bus.kv('positions')
  await world.stop()
  await positions.put('paper.a.sim.BTC-USDT', encodeJson({ ...before, quantity: '999' }))
  await positions.delete('paper.b.sim.BTC-USDT')
  await positions.put('paper.ghost.sim.BTC-USDT', encodeJson({ ...before, strategy: 'ghost' }))
  await world.start()
  expect(await world.shown('a')).toEqual(before)
  expect((await world.shown('b'))?.fills).toBe(4)
  expect(await world.shown('ghost')).toBeUndefined()
})
