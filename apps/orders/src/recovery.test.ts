import { afterAll, beforeAll, expect, test } from 'vitest'
import { internalClient } from '@contrail/runtime'
import type { Running } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { clOrdIdOf } from './identity.ts'
import { ordersWorld, TOKEN } from './testing.ts'
import type { OrdersWorld } from './testing.ts'

let world: OrdersWorld
let beat: NodeJS.Timeout
const LIMITS = { platform: { duplicateWindowUs: 0, strategyPerSecond: 1000, accountPerSecond: 1000 } }
const QUICK = { ordersLimits: JSON.stringify(LIMITS), ordersReconcileMs: 200 }

beforeAll(async () => {
  world = await ordersWorld()
  beat = setInterval(() => void world.quote(100, 100.1).catch(() => undefined), 200)
  await world.quote(100, 100.1)
})
afterAll(async () => {
  clearInterval(beat)
  await world?.stop()
})

const admin = () => world.databases.open('admin', 'trade').sql
const resting = (strategy: string, given: object = {}) =>
  world.decide(strategy, () => [{ orderType: 'limit', price: '99', ...given }])
const client = (running: Running) => internalClient(running.url as string, TOKEN)

async function during(run: (orders: Running) => Promise<void>, given: object = {}): Promise<void> {
  const orders = await world.startOrders({ ...QUICK, ...given })
  try {
    await run(orders)
  } finally {
    await orders.stop()
  }
}

/** What a crash between the commit of an attempt and its request leaves behind. */
async function leaveAttempt(from: string, orderId: string, validForMs: number): Promise<void> {
  const sql = admin()
  const clOrdId = clOrdIdOf('main', orderId, 1)
  const stage = JSON.stringify({ stage: 'persisted', accepted: false, attempt: 1 })
  await sql`
    insert into orders (order_id, tenant_id, account, strategy, venue, instrument, intent, request, state, status, open,
      quantity, cum_quantity, leaves_quantity, cl_ord_id, checks, stream, incarnation, sequence, decided_us, created_us,
      updated_us)
    select ${orderId}, tenant_id, account, strategy, venue, instrument, intent || jsonb_build_object('orderId', ${orderId}::text),
      request, (state - 'venueOrderId') || ${stage}::text::jsonb, 'pending_new', true, quantity, 0, quantity, ${clOrdId}, checks,
      stream, incarnation, sequence, (extract(epoch from now()) * 1000000)::bigint, created_us, updated_us
    from orders where order_id = ${from}`
  await sql`
    insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body, valid_until_us,
      created_us)
    select ${orderId}, 1, tenant_id, account, kind, ${clOrdId}, epoch, 'persisted', body,
      (extract(epoch from now()) * 1000000)::bigint + ${validForMs * 1000}, created_us
    from order_attempts where order_id = ${from} and attempt = 1`
}

test('an attempt that proves absent is made again under a new id while its signal lives, and ends when it does not', async () => {
  await during(async () => {
    await resting('a1')
    await world.confirmed('a1-1-0', 'accepted')
  })
  await leaveAttempt('a1-1-0', 'a1-90-0', 60_000)
  await during(async (orders) => {
    await world.confirmed('a1-90-0', 'accepted')
    const again = await client(orders).get<{ attempts: object[] }>('/orders/a1-90-0/explain')
    expect(again.attempts).toMatchObject([
      { attempt: 1, state: 'not_placed' },
      { attempt: 2, state: 'accepted', clOrdId: clOrdIdOf('main', 'a1-90-0', 2) },
    ])
  })
  expect(world.confirms.some((one) => one.orderId === 'a1-90-0' && one.type === 'not_placed')).toBe(false)
  await leaveAttempt('a1-1-0', 'a1-91-0', -1000)
  await during(async () => {
    expect(await world.confirmed('a1-91-0', 'not_placed')).toMatchObject({
      status: 'not_placed',
      leavesQuantity: '0',
      reason: { code: 'SIGNAL_TOO_OLD' },
    })
  })
})

/** What a crash right after the first commit of an order leaves behind: no row of it but its attempt. */
async function leaveFirst(from: string, strategy: string, number: number): Promise<string> {
  const sql = admin()
  const orderId = `${strategy}-${number}-0`
  await sql`
    insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body, valid_until_us,
      created_us, head)
    select ${orderId}, 1, o.tenant_id, o.account, a.kind, ${clOrdIdOf('main', orderId, 1)}, a.epoch, 'persisted', a.body,
      (extract(epoch from now()) * 1000000)::bigint + 60000000, (extract(epoch from now()) * 1000000)::bigint,
      json_build_object('intent', o.intent || jsonb_build_object('orderId', ${orderId}::text),
        'checks', (select json_agg(json_build_array(c -> 'control', c -> 'limit', c -> 'found'))
          from jsonb_array_elements(o.checks) as c),
        'source', json_build_object('stream', o.stream, 'incarnation', o.incarnation, 'sequence', o.sequence),
        'decidedUs', (extract(epoch from now()) * 1000000)::bigint,
        'mark', json_build_object('strategy', ${strategy}::text, 'number', ${number}::int, 'index', 0))::text
    from orders o join order_attempts a using (order_id) where order_id = ${from} and a.attempt = 1`
  return orderId
}

test('an order of which only the first attempt was written gets its row, and goes on from there', async () => {
  await during(async () => {
    await resting('f1')
    await world.confirmed('f1-1-0', 'accepted')
  })
  const orderId = await leaveFirst('f1-1-0', 'f1', 7)
  await during(async (orders) => {
    await world.confirmed(orderId, 'accepted')
    const explain = (id: string) => client(orders).get<Record<string, unknown>>(`/orders/${id}/explain`)
    const [first, again] = [await explain('f1-1-0'), await explain(orderId)]
    expect(again['checks']).toEqual(first['checks'])
    expect(again['order']).toMatchObject({ strategy: 'f1', status: 'new', price: '99', quantity: '0.01' })
    expect(again['attempts']).toMatchObject([
      { attempt: 1, state: 'not_placed' },
      { attempt: 2, state: 'accepted' },
    ])
    // Its decision had its effect: told again, it has none.
    await world.decide('f1', () => [{ orderType: 'limit', price: '98.9' }], { number: 7 })
    await world.decide('f1', () => [{ orderType: 'limit', price: '98.9' }], { number: 8 })
    await world.confirmed('f1-8-0', 'accepted')
  })
  const [head] = await admin()`select number, index from decision_heads where strategy = 'f1'`
  expect(head).toEqual({ number: 8, index: 0 })
  const rows = await admin()`select stream, incarnation, sequence from orders where strategy = 'f1' order by order_id`
  expect(rows).toHaveLength(3)
  expect(rows[1]).toEqual(rows[0])
  expect(await admin()`select 1 from order_attempts where head is not null`).toHaveLength(0)
})

test('an order whose venue takes its time is in the lists meanwhile', async () => {
  await during(async (orders) => {
    const sql = admin()
    const waited = await sql.begin(async (tx) => {
      await tx`lock table paper_requests in access exclusive mode`
      await resting('slow')
      const listed = () => client(orders).get<{ items: { status: string }[] }>('/orders?strategy=slow')
      await until('it is listed', async () => (await listed()).items.length === 1)
      return await listed()
    })
    expect(waited.items).toMatchObject([{ orderId: 'slow-1-0', status: 'pending_new' }])
    expect(await world.confirmed('slow-1-0', 'accepted')).toMatchObject({ status: 'new' })
  })
})

test('what the venue filled while nobody listened is booked at the start', async () => {
  await during(async () => {
    await resting('a2', { price: '98.8' })
    await world.confirmed('a2-1-0', 'accepted')
  })
  const sql = admin()
  const clOrdId = clOrdIdOf('main', 'a2-1-0', 1)
  await sql`
    insert into paper_fills (tenant_id, account, cl_ord_id, venue, instrument, sub_account, side, trade_id, quantity, price,
      fee, fee_asset, liquidity, at_us)
    values ('main', 'paper', ${clOrdId}, 'sim', 'BTC-USDT', 'a2', 'buy', ${`${clOrdId}-1`}, 0.01, 98.8, 0.0001, 'USDT',
      'maker', 1)`
  await sql`
    update paper_orders set open = false, state = state || '{"state":"done","end":"filled","filled":10}'::jsonb
    where cl_ord_id = ${clOrdId}`
  await during(async (orders) => {
    expect(await world.confirmed('a2-1-0', 'filled')).toMatchObject({ status: 'filled', cumQuantity: '0.01' })
    expect(await client(orders).get('/readyz')).toMatchObject({ ready: true })
  })
})

test('a second instance waits until the first one lets go, and the first epoch is over then', async () => {
  const first = await world.startOrders({ ...QUICK, ordersInstance: 'one', ordersLeaseMs: 60_000 })
  let started = false
  const second = world.startOrders({ ...QUICK, ordersInstance: 'two' }).then((running) => {
    started = true
    return running
  })
  await resting('l1')
  await world.confirmed('l1-1-0', 'accepted')
  expect(started).toBe(false)
  await first.stop()
  const running = await second
  await resting('l1', { price: '99.1' })
  await world.confirmed('l1-2-0', 'accepted')
  const [lease] = await admin()`select holder from venue_leases where account = 'paper'`
  expect(lease?.holder).toBe('two')
  await running.stop()
})

test('an owner whose epoch is over writes nothing, reads anew and sends once', async () => {
  await during(async () => {
    await admin()`update venue_leases set epoch = epoch + 5 where account = 'paper'`
    await resting('z1')
    await world.confirmed('z1-1-0', 'accepted')
    const rows = await admin()`select epoch from order_attempts where order_id = 'z1-1-0'`
    const [lease] = await admin()`select epoch from venue_leases where account = 'paper'`
    expect(rows.map((row) => row.epoch)).toEqual([lease?.epoch])
  })
})

test('an owner whose epoch is over fills nothing at the paper venue; the next one does, once', async () => {
  await during(async (orders) => {
    await resting('z2')
    await world.confirmed('z2-1-0', 'accepted')
    await admin()`update venue_leases set epoch = epoch + 1, holder = 'other', expires_us = 4e15 where account = 'paper'`
    await world.quote(98.5, 98.6)
    await until('it waits for the other', async () =>
      (await (await fetch(`${orders.url}/readyz`)).text()).includes('other owns it'),
    )
    const fills = () => admin()`
      select trade_id from paper_fills join order_attempts using (cl_ord_id) where order_id = 'z2-1-0'`
    expect(await fills()).toEqual([])
    await admin()`update venue_leases set expires_us = 0 where account = 'paper'`
    await until('it is filled', async () => {
      await world.quote(98.5, 98.6)
      return (await fills()).length > 0
    })
    await world.confirmed('z2-1-0', 'filled')
    expect(await fills()).toHaveLength(1)
  })
})

test('a fill that belongs to no order is set aside, and the account stops', async () => {
  await admin()`
    insert into paper_fills (tenant_id, account, cl_ord_id, venue, instrument, sub_account, side, trade_id, quantity, price,
      fee, fee_asset, liquidity, at_us)
    values ('main', 'paper', 'qnobody', 'sim', 'BTC-USDT', 'x1', 'sell', 'qnobody-1', 1, 100, 0, 'USDT', 'taker', 1)`
  await during(async (orders) => {
    await resting('x1')
    expect((await world.confirmed('x1-1-0', 'denied')).reason?.text).toContain('account.paper (positions differ')
    const halts = await client(orders).get<{ items: object[] }>('/halts')
    expect(halts.items).toMatchObject([{ scope: 'account.paper', state: 'halted', by: 'orders' }])
    // Several passes have seen it by now; a person is told once.
    const rows = await admin()`select cause from order_quarantine where event ->> 'origin' = 'qnobody'`
    expect(rows).toEqual([{ cause: expect.stringContaining('not ours') }])
    const critical = async (kind: string) =>
      (await world.bus.lastOnSubject('ALERTS', `alerts.critical.${kind}`)) !== undefined
    await until('alerts', async () => (await critical('position_mismatch')) && (await critical('order_external')))
  })
})

test('Postgres sessions that end under it lose nothing', async () => {
  await admin()`alter table paper_fills disable trigger all`
  await admin()`delete from paper_fills where trade_id = 'qnobody-1'`
  await admin()`alter table paper_fills enable trigger all`
  await during(async () => {
    for (let round = 1; round <= 5; round++) {
      const deciding = resting('pg', { price: `98.${round}` })
      await admin()`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'orders'`
      await deciding
    }
    for (let round = 1; round <= 5; round++) await world.confirmed(`pg-${round}-0`, 'accepted')
    const rows = await admin()`
      select order_id, count(*) filter (where r.outcome = 'accepted')::int as taken, count(*)::int as sent,
        count(distinct r.cl_ord_id)::int as ids
      from paper_requests r join order_attempts a using (cl_ord_id) where order_id like 'pg-%' group by 1`
    expect(rows).toHaveLength(5)
    for (const row of rows) expect([row.taken, row.sent - row.ids]).toEqual([1, 0])
  })
})
