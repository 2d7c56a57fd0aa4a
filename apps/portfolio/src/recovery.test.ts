import { once } from 'node:events'
import { assetsOf, foldFills, fromFixed } from '@contrail/trading'
import type { BookedFill } from '@contrail/trading'
import { CRASH_POINTS } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { report, startWorld } from './testing/world.ts'
import type { World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.drop())

/** Every unit of the books against the fills that were published. A value for eyes may be there a moment before them. */
async function expectExact(strategy: string, fills: BookedFill[]): Promise<void> {
  await until('all fills are booked', async () => (await world.booked(strategy)) >= fills.length)
  const truth = foldFills(fills, assetsOf('BTC-USDT'))
  expect(await world.shown(strategy)).toMatchObject({
    quantity: fromFixed(truth.quantity),
    realised: fromFixed(truth.realised),
    fees: fromFixed(truth.fees),
    fills: truth.fills,
  })
  const [ledger] = await world.sql`
    select count(distinct t.id) as transactions, sum(e.amount) filter (where a.kind = 'inventory')::text as held
    from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
      join ledger_accounts a on a.id = e.ledger_account_id where t.strategy = ${strategy}`
  expect(ledger).toEqual({ transactions: fills.length, held: fromFixed(truth.quantity) })
  const unbalanced = await world.sql`
    select asset from ledger_entries group by asset having sum(amount) <> 0`
  expect([...unbalanced]).toEqual([])
}

const points = CRASH_POINTS.filter((point) => point.startsWith('portfolio.'))
let strategies = 0
let strategy = ''
beforeEach(() => {
  strategy = `r${++strategies}`
})

async function publish(count: number): Promise<BookedFill[]> {
  const fills: BookedFill[] = []
  for (let i = 0; i < count; i++) {
    const side = i % 3 === 2 ? 'sell' : 'buy'
    const confirm = report({
      strategy: strategy as never,
      side,
      fill: { quantity: `0.${i + 1}`, price: `${100 + i}.5` },
    })
    await world.publish(confirm)
    const { fill, atUs: _atUs } = confirm
    if (fill) fills.push({ ...fill, side, atUs: fill.venueTimeUs })
  }
  return fills
}

describe('a process that is killed', () => {
  test('there are points to be killed at', () => expect(points).toHaveLength(4))

  test.each(points.flatMap((point) => [1, 4].map((pass) => [point, pass] as const)))(
    'at %s, pass %i, leaves nothing lost and nothing doubled',
    async (point, pass) => {
      const fills = await publish(6)
      const killed = world.fork(`${point}:${pass}`)
      const [, signal] = (await once(killed, 'exit')) as [number | null, string | null]
      expect(signal).toBe('SIGKILL')
      const next = world.fork()
      try {
        await until('all fills are shown', async () => (await world.shown(strategy))?.fills === fills.length)
        await expectExact(strategy, fills)
      } finally {
        next.kill('SIGTERM')
        await once(next, 'exit')
      }
    },
  )
})

test('a bus that goes away and comes back leaves nothing lost and nothing doubled', async () => {
  await world.start()
  const before = await publish(5)
  await until('some are booked', async () => ((await world.shown(strategy))?.fills ?? 0) > 0)
  world.nats.kill9()
  await world.nats.restart()
  await until(
    'the bus is back',
    async () => (await world.bus.streamState('TRADES').catch(() => undefined)) !== undefined,
  )
  const fills = [...before, ...(await publish(5))]
  await until('all are shown', async () => (await world.shown(strategy).catch(() => undefined))?.fills === fills.length)
  await expectExact(strategy, fills)
  await world.stop()
})

test('connections that Postgres ends in the middle leave nothing lost and nothing doubled', async () => {
  await world.start()
  const publishing = publish(40)
  for (let round = 1; round <= 3; round++) {
    await until('more are booked', async () => ((await world.shown(strategy))?.fills ?? 0) >= round * 8)
    await world.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'portfolio' and datname = current_database()`
  }
  const fills = await publishing
  await until('all are shown', async () => (await world.shown(strategy))?.fills === fills.length)
  await expectExact(strategy, fills)
  await world.stop()
})

test('two processes on one durable show what Postgres says', async () => {
  const [one, two] = [world.fork(), world.fork()]
  try {
    const fills = await publish(30)
    await until('all are shown', async () => (await world.shown(strategy))?.fills === fills.length)
    await expectExact(strategy, fills)
  } finally {
    one.kill('SIGTERM')
    two.kill('SIGTERM')
    await Promise.all([once(one, 'exit'), once(two, 'exit')])
  }
})
