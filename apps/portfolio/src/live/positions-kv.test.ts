import { once } from 'node:events'
import { encodeJson } from '@contrail/contracts'
import type { Alert, PositionValue } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PositionKey } from '../books/keys.ts'
import { readPosition } from '../books/positions.ts'
import type { PositionRow } from '../books/positions.ts'
import { report, startWorld } from '../testing/world.ts'
import type { World } from '../testing/world.ts'
import { createPositionsKv } from './positions-kv.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.drop())

let strategies = 0
let strategy = ''
beforeEach(() => {
  strategy = `e${++strategies}`
})

const fill = () => report({ strategy: strategy as never })
const shownFills = async () => (await world.shown(strategy))?.fills ?? 0
const showing = (fills: number) => until(`${fills} fills are shown`, async () => (await shownFills()) === fills)
const booked = (fills: number) =>
  until(`${fills} fills are booked`, async () => (await world.booked(strategy)) === fills)
const key = (): PositionKey =>
  ({ tenant: 'main', account: 'paper', strategy, venue: 'sim', instrument: 'BTC-USDT' }) satisfies PositionKey
const entryOf = async () => await (await world.bus.kv('positions')).get(`paper.${strategy}.sim.BTC-USDT`)
const rowOf = async () => (await readPosition(world.sql, key())) as PositionRow

/** Bookings of this position wait until `end`. */
async function holdBookings(): Promise<{ end(): Promise<void> }> {
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  let held = (): void => undefined
  const isHeld = new Promise<void>((resolve) => (held = resolve))
  const done = world.sql.begin(async (tx) => {
    await tx`select from positions where strategy = ${strategy} for update`
    held()
    await ended
  })
  await isHeld
  return {
    async end() {
      end()
      await done
    },
  }
}

describe('a fill is shown while it is booked', () => {
  test('and the next one of its strategy is not before it', async () => {
    await world.start()
    await world.publish(fill())
    await showing(1)
    const hold = await holdBookings()
    await world.publish(fill())
    await world.publish(fill())
    await showing(2)
    expect(await world.booked(strategy)).toBe(1)
    expect(await rowOf()).toMatchObject({ fills: 1, quantity: '1' })
    await hold.end()
    await showing(3)
    await booked(3)
    expect(await world.shown(strategy)).toMatchObject({ quantity: '3', sequence: (await rowOf()).sequence })
    await world.stop()
  })

  test('a process that is killed in between leaves what the redelivery makes again', async () => {
    const killed = world.fork()
    await world.publish(fill())
    await showing(1)
    await booked(1)
    const hold = await holdBookings()
    await world.publish(fill())
    await showing(2)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    // What it asked of Postgres dies with it: on its own the server would notice only when it has an answer.
    await world.sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'portfolio' and datname = current_database()`
    await hold.end()
    expect(await world.booked(strategy)).toBe(1)
    const left = await entryOf()
    await world.start()
    await booked(2)
    await world.publish(fill())
    await showing(3)
    await booked(3)
    expect(left?.value && (JSON.parse(Buffer.from(left.value).toString()) as PositionValue)).toMatchObject({ fills: 2 })
    await world.stop()
  })

  test('the value that is there after it is booked is the same, byte for byte', async () => {
    const killed = world.fork('portfolio.before_commit:2')
    await world.publish(fill())
    await showing(1)
    await world.publish(fill())
    await once(killed, 'exit')
    await showing(2)
    expect(await world.booked(strategy)).toBe(1)
    const left = await entryOf()
    await world.start()
    await booked(2)
    const { sequence } = await rowOf()
    // The lane of the strategy goes on when the second is done with.
    await world.publish({ ...fill(), instrument: 'ETH-USDT' } as never)
    await until('the lane went on', async () => (await world.shown(strategy, 'ETH-USDT'))?.fills === 1)
    expect(await entryOf()).toEqual(left)
    expect(await world.shown(strategy)).toMatchObject({ fills: 2, sequence })
    await world.stop()
  })

  test('one that cannot be booked is put back, and a person is told', async () => {
    await world.start()
    await world.publish(fill())
    await showing(1)
    const poison = fill()
    const name = poison.fill?.tradeId as string
    await world.sql.unsafe(`alter table portfolio_fills add constraint poison check (trade_id <> '${name}') not valid`)
    const seen: number[] = []
    const watching = await (
      await world.bus.kv('positions')
    ).watch(({ key: changed, value }) => {
      if (value && changed === `paper.${strategy}.sim.BTC-USDT`)
        seen.push((JSON.parse(Buffer.from(value).toString()) as PositionValue).fills)
    })
    await world.publish(poison)
    await until('it was shown and put back', () => seen.join(' ') === '1 2 1')
    const alert = await world.bus.lastOnSubject('ALERTS', 'alerts.critical.fill_not_booked')
    expect((JSON.parse(Buffer.from(alert?.data ?? []).toString()) as Alert).text).toContain('poison')
    await world.publish(fill())
    await until('the next one is shown', () => seen.at(-1) === 2)
    await booked(2)
    expect(await rowOf()).toMatchObject({ fills: 2, quantity: '2' })
    await world.sql`alter table portfolio_fills drop constraint poison`
    await watching.stop()
    await world.stop()
  })
})

test('a value that is ahead at a start, of which nothing comes, is put right by the first reconciliation', async () => {
  await world.start()
  await world.publish(fill())
  await showing(1)
  await booked(1)
  const { fill: _fill, ...accepted } = fill()
  await world.publish({ ...accepted, type: 'accepted', status: 'new' } as never)
  await world.stop()
  const shown = (await world.shown(strategy)) as PositionValue
  const bucket = await world.bus.kv('positions')
  await bucket.put(`paper.${strategy}.sim.BTC-USDT`, encodeJson({ ...shown, fills: 9, sequence: shown.sequence + 1 }))
  await world.start({ portfolioReconcileSeconds: 10 })
  expect(await shownFills()).toBe(9)
  world.clock.advanceMs(10_000)
  await showing(1)
  await world.stop()
})

describe('two copies', () => {
  const place = (sequence: number) => ({ stream: 'TRADES', incarnation: 'now', sequence })
  /** As the fold would give it. */
  const next = (row: PositionRow, sequence: number): PositionRow => ({ ...row, fills: row.fills + 1, sequence })
  async function save(row: PositionRow): Promise<PositionRow> {
    await world.sql`insert into positions ${world.sql(row)} on conflict (tenant_id, account, strategy, venue, instrument)
      do update set fills = excluded.fills, sequence = excluded.sequence`
    return row
  }
  async function twoCopies() {
    const bucket = await world.bus.kv('positions')
    const [one, other] = [createPositionsKv(bucket, world.sql), createPositionsKv(bucket, world.sql)]
    const first = await save({
      tenant_id: 'main',
      account: 'paper',
      strategy,
      venue: 'sim',
      instrument: 'BTC-USDT',
      quantity: '1',
      cost: '1',
      realised: '0',
      fees: '0',
      fills: 1,
      last_us: 1,
      last_trade_id: 'a',
      incarnation: 'now',
      sequence: 1,
      at_us: 1,
    })
    await one.show(first, place(1))
    return { one, other, first }
  }

  test('one that slept through a fill cannot show what it would be without', async () => {
    const { one, other, first } = await twoCopies()
    const missed = await save(next(first, 2))
    await other.show(missed, place(2))
    // It wakes up with the third fill, folded from the first.
    const stale = next(first, 3)
    one.showFolded(stale, first)
    const third = await save(next(missed, 3))
    await one.show(third, place(3))
    expect(await world.shown(strategy)).toMatchObject({ fills: 3, sequence: 3 })
  })

  test('one leaves a value alone that the other is booking, and takes over what the other left', async () => {
    const { one, other, first } = await twoCopies()
    one.showFolded(next(first, 5), first)
    await showing(2)
    // A repeat of an older fact, whose row was read before the other's commit.
    await other.show({ ...first }, place(4))
    expect(await shownFills()).toBe(2)
    // The other is gone and its message came here, where it turns out to move nothing.
    await other.show({ ...first }, place(5))
    expect(await shownFills()).toBe(1)
  })

  test('what is ahead of the books at a start is put right when nothing has come of it', async () => {
    const { one, other, first } = await twoCopies()
    one.showFolded(next(first, 5), first)
    await showing(2)
    const facts = { incarnation: 'now', lastSequence: 9 }
    expect(await other.rebuild('main', facts)).toMatchObject({ ahead: 1 })
    expect(await shownFills()).toBe(2)
    expect(await other.lookAgain(async () => facts)).toBe(0)
    expect(await shownFills()).toBe(1)
  })

  test('a sequence that TRADES has not reached, or of another TRADES, is no fact', async () => {
    for (const facts of [
      { incarnation: 'now', lastSequence: 4 },
      { incarnation: 'another', lastSequence: 9 },
    ]) {
      strategy = `${strategy}x`
      const { other, first } = await twoCopies()
      const { revision = 0 } = (await entryOf()) ?? {}
      const value = { ...(await world.shown(strategy)), fills: 9, sequence: 5 }
      await (
        await world.bus.kv('positions')
      ).update(`paper.${first.strategy}.sim.BTC-USDT`, encodeJson(value), revision)
      expect(await other.rebuild('main', facts)).toMatchObject({ ahead: 0 })
      expect(await shownFills()).toBe(1)
    }
  })
})
