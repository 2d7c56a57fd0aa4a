import { DAY_US, encodeJson, encodeTick, SECOND_US, subjects } from '@contrail/contracts'
import type { Candle, Tick, Us } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { applyStreams } from '@contrail/nats'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Archive } from '../archive/archive.ts'
import { startTestPlatform } from '../testing/platform.ts'
import type { TestPlatform } from '../testing/platform.ts'
import { Recorder } from './recorder.ts'

const START_US = 1_700_000_000 * SECOND_US
const [VENUE, INSTRUMENT] = ['sim', 'BTC-USDT']

/** With what the server has, and as if it had no Timescale. */
describe.each([{ level: 'as found' }, { level: 'none', timescale: 'none' as const }])('timescale $level', (options) => {
  let platform: TestPlatform
  let recorders: Recorder[]

  beforeEach(async () => {
    platform = await startTestPlatform(options)
    recorders = []
  })
  afterEach(async () => {
    for (const recorder of recorders) await recorder.stop()
    await platform.stop()
  })

  async function record(more: { quotes?: boolean; batchWaitMs?: number } = {}): Promise<Recorder> {
    const database = platform.databases.open('recorder', 'market')
    const options = { database, quotes: false, batchRowsMax: 300, ...more }
    const recorder = await new Recorder(platform.context, options).start()
    recorders.push(recorder)
    return recorder
  }
  const tick = (n: number, atUs = START_US + n * SECOND_US): Tick => ({
    tradeId: String(n),
    side: 'buy',
    price: 100 + n / 8,
    quantity: 0.25,
    venueTimeUs: (atUs - 5) as Us,
    receiveTimeUs: atUs as Us,
  })
  const candle = (openTimeUs: number, trades: number): Candle => ({
    schema: 1,
    timeframe: '1m',
    openTimeUs: openTimeUs as Us,
    closeTimeUs: (openTimeUs + 60 * SECOND_US) as Us,
    open: 1,
    high: 2,
    low: 0.5,
    close: 1.5,
    volume: trades,
    quoteVolume: trades,
    trades,
    receiveTimeUs: openTimeUs as Us,
  })
  const publishTick = (each: Tick) => platform.bus.publish(subjects.tick(VENUE, INSTRUMENT), encodeTick(each))
  const publishTicks = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => publishTick(tick(from + i))))
  const sql = () => platform.databases.open('admin', 'market').sql
  const tradeIds = async () =>
    (await sql()<{ id: string }[]>`select trade_id as id from ticks order by sequence`).map(({ id }) => Number(id))
  const numbers = (to: number) => Array.from({ length: to }, (_, i) => i)

  test('every tick is recorded once and exactly, over days, restarts and repeated deliveries', async () => {
    await publishTicks(0, 500)
    const first = await record()
    await until('a first batch', async () => (await tradeIds()).length > 0)
    await first.stop()
    await publishTicks(500, 900)
    await publishTick(tick(900, START_US + 40 * DAY_US))
    await record()
    await platform.recorded()
    expect((await tradeIds()).toSorted((a, b) => a - b)).toEqual(numbers(901))
    const archive = new Archive(platform.databases.open('recorder', 'market').sql)
    expect(await archive.ticks(VENUE, INSTRUMENT, 2)).toEqual([tick(899), tick(900, START_US + 40 * DAY_US)])
    expect(await sql()`select * from gaps`).toEqual([])
  })

  test('a bar told twice is the one that saw more trades', async () => {
    await record()
    for (const trades of [3, 7, 5])
      await platform.bus.publish(
        subjects.candle(VENUE, INSTRUMENT, '1m'),
        encodeJson(candle(START_US - (START_US % 60e6), trades)),
      )
    await platform.recorded()
    expect(await sql()`select trades, volume from candles`).toEqual([{ trades: 7, volume: 7 }])
  })

  test('a poison message becomes a dead letter and delays nobody', async () => {
    await record()
    await publishTicks(0, 3)
    await platform.bus.publish(subjects.tick(VENUE, INSTRUMENT), new Uint8Array([9, 9, 9]))
    await platform.bus.publish(subjects.candle(VENUE, INSTRUMENT, '1m'), encodeJson({ schema: 1, open: 'much' }))
    await publishTicks(3, 6)
    await until('the ticks around it', async () => (await tradeIds()).length === 6)
    await until('two dead letters', async () => (await platform.bus.streamState('DLQ'))?.lastSequence === 2)
  })

  test('what comes during a slow write does not keep the next waiting for a full batch', async () => {
    await record({ batchWaitMs: 1 })
    await publishTick(tick(0))
    await until('a first one is written', async () => (await tradeIds()).length === 1)
    await sql().begin(async (tx) => {
      await tx`lock table ticks in share mode`
      for (let n = 1; n < 30; n++) await publishTick(tick(n))
    })
    await until('those of the wait are written', async () => (await tradeIds()).length === 30)
    await publishTick(tick(30))
    await until('and the next', async () => (await tradeIds()).length === 31)
  })

  test('while the database is away the stream keeps all, and it is written when it is back', async () => {
    const name = new URL(platform.databases.adminUrls.market).pathname.slice(1)
    const recorder = await record()
    await publishTicks(0, 50)
    await platform.recorded()
    const admin = platform.databases.open('admin', 'user').sql
    await admin.unsafe(`alter database "${name}" with allow_connections false`)
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
    await publishTicks(50, 120)
    await until('it says why', () => recorder.problem() !== undefined)
    await admin.unsafe(`alter database "${name}" with allow_connections true`)
    await until('all is written', async () => (await tradeIds()).length === 120)
    expect(await tradeIds()).toEqual(numbers(120))
    await until('it is well again', () => recorder.problem() === undefined)
  })

  test('a stream that was made anew counts from one again and is another source', async () => {
    await record()
    await publishTicks(0, 20)
    await platform.recorded()
    platform.nats.kill9()
    await until('the connection is gone', () => !platform.bus.connected)
    await platform.nats.restart()
    await until('the connection is back', () => platform.bus.connected)
    await applyStreams(platform.nats.url)
    for (let n = 20; n < 30; n++) await publishTick(tick(n))
    await until('both lives are recorded', async () => (await tradeIds()).length === 30)
    expect(await sql()`select count(*)::int as sources from sources`).toEqual([{ sources: 2 }])
  })

  test('what the stream dropped before it was recorded is written down as a gap', async () => {
    await (await record()).stop()
    await publishTicks(0, 10)
    await record()
    await platform.recorded()
    await recorders.at(-1)!.stop()
    await publishTicks(10, 30)
    await purgeBefore(platform, 25)
    await record()
    await platform.recorded()
    expect((await tradeIds()).length).toBe(16)
    expect(await sql()`select from_sequence as from, to_sequence as to from gaps`).toEqual([{ from: 11, to: 24 }])
  })

  test('old ticks are dropped by whole days, imported history is not', async () => {
    await record()
    const archive = new Archive(platform.databases.open('recorder', 'market').sql)
    const now = platform.context.clock.nowUs()
    const days = [-400, 1, 2, 10]
    for (const [n, day] of days.entries()) await publishTick(tick(n, now + day * DAY_US))
    await platform.recorded()
    expect(await archive.retain('ticks', now + 9 * DAY_US)).toBe(2)
    expect(await tradeIds()).toEqual([0, 3])
    await publishTick(tick(4, now + 2 * DAY_US))
    recorders[0]!.forgetRoom()
    await platform.recorded()
    expect(await tradeIds()).toEqual([0, 3, 4])
  })

  test('portfolio may read market data and not write or drop it', async () => {
    const { sql: portfolio } = platform.databases.open('portfolio', 'market')
    expect(await portfolio`select count(*)::int as count from ticks`).toEqual([{ count: 0 }])
    await expect(portfolio`select market_retain('ticks', 0, 1)`).rejects.toThrow(/may not write|permission denied/)
    await expect(portfolio`delete from ticks`).rejects.toThrow(/permission denied/)
  })
})

async function purgeBefore(platform: TestPlatform, sequence: number): Promise<void> {
  const { connect } = await import('@nats-io/transport-node')
  const { jetstreamManager } = await import('@nats-io/jetstream')
  const connection = await connect({ servers: platform.nats.url.replace('nats://', '') })
  await (await jetstreamManager(connection)).streams.purge('MD', { seq: sequence })
  await connection.close()
}
