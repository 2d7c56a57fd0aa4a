import { addDecimal, negateDecimal } from '@contrail/contracts'
import type { FillView, OrderView, PositionView, StrategyView } from '@contrail/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startTestPlatform } from './testing/platform.ts'
import type { TestPlatform } from './testing/platform.ts'

/** The whole platform through the faults of an ordinary day. */
let world: TestPlatform
const WAIT = { timeout: 60_000, interval: 250 }

beforeAll(async () => {
  world = await startTestPlatform()
  // Crosses every few seconds, so that the test waits for facts and not for the market.
  const parameters = { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1s', fast: 1, slow: 3, quantity: 0.01 }
  await world.api('/v1/strategies', { strategy: 'quick', definition: 'sma-cross', parameters })
}, 120_000)
afterAll(() => world.stop(), 60_000)

const fillsOf = async (strategy: string) =>
  (await world.api<{ items: FillView[] }>(`/v1/fills?strategy=${strategy}&limit=500`)).items
const highest = (fills: FillView[]) => Math.max(0, ...fills.map(({ atUs }) => atUs))

/** A fill that is younger than this moment. */
async function tradesFromNow(): Promise<void> {
  const { nowUs } = await world.api<{ nowUs: number }>('/v1/time')
  await tradesAgain(nowUs)
}

async function tradesAgain(after: number): Promise<void> {
  await vi.waitFor(async () => expect(highest(await fillsOf('quick'))).toBeGreaterThan(after), WAIT)
}

async function booksAgree(): Promise<void> {
  await vi.waitFor(async () => {
    const [fills, positions, trial] = await Promise.all([
      fillsOf('quick'),
      world.api<{ items: PositionView[] }>('/v1/positions?strategy=quick'),
      world.api<{ items: { sum: string }[] }>('/v1/trial-balance'),
    ])
    const summed = fills.reduce(
      (sum, { side, quantity }) => addDecimal(sum, side === 'buy' ? quantity : negateDecimal(quantity)),
      '0',
    )
    expect(positions.items[0]).toMatchObject({ quantity: summed, fills: fills.length })
    expect(trial.items.every(({ sum }) => Number(sum) === 0)).toBe(true)
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(fills.length)
  }, WAIT)
}

test('a strategy trades, and position, fills and ledger agree', async () => {
  await tradesAgain(0)
  await booksAgree()
}, 90_000)

test('a killed nats-server comes back: market data flows and strategies trade on', async () => {
  world.nats.kill9()
  await world.nats.restart()
  await tradesFromNow()
  await booksAgree()
  const { items } = await world.api<{ items: StrategyView[] }>('/v1/strategies')
  expect(items.map(({ actual }) => actual).filter((actual) => ['halted', 'diverged'].includes(actual))).toEqual([])
}, 90_000)

test('a killed engine comes back as the next epoch and trades on', async () => {
  world.platform.hosts.find(({ name }) => name === 'engine')?.kill9()
  await tradesFromNow()
  await booksAgree()
}, 90_000)

test('all services at once may be killed: they come back and the books agree', async () => {
  world.platform.hosts.find(({ name }) => name === 'core')?.kill9()
  await vi.waitFor(tradesFromNow, WAIT)
  await booksAgree()
}, 120_000)

/** A replay that has something to compare: since the gap there may be no checkpoint yet (exit code 3), or no decision. */
async function replayed(...args: string[]): Promise<{ code: number; out: string }> {
  return vi.waitFor(async () => {
    const run = await world.cli('replay', 'quick', ...args)
    expect(run).not.toMatchObject({ code: 3 })
    expect(run.out).not.toMatch(/ 0 decisions recorded|"recorded": ?0,/)
    return run
  }, WAIT)
}

// Market data from before the nats-server died is gone with its memory: the replay begins after the gap.
test('decisions come out the same across the death of engine and core; a changed constant is found with its input', async () => {
  const same = await replayed('--json')
  const found = JSON.parse(same.out) as { recorded: number; equal: number; same: boolean }
  expect({ code: same.code, same: found.same }).toEqual({ code: 0, same: true })
  expect(found.equal).toBe(found.recorded)
  // What goes flat is sold whole under any quantity: the change shows in the first purchase since the gap.
  const changed = await vi.waitFor(async () => {
    const run = await replayed('--set', 'quantity=0.02')
    expect(run.code).toBe(1)
    return run
  }, WAIT)
  expect(changed.out).toMatch(/first difference: decision \d+ on MD \d+ \(md\.candles\.sim\.BTC-USDT\.1s\)/)
}, 120_000)

test('a halt of everything stops new orders within a second and leaves none open; resuming lets them pass', async () => {
  await world.api('/v1/halts', { scope: 'platform', state: 'halted', reason: 'the test asks' })
  await vi.waitFor(async () => {
    const open = await world.api<{ items: OrderView[] }>('/v1/orders?status=open')
    expect(open.items).toEqual([])
  }, WAIT)
  const before = highest(await fillsOf('quick'))
  await vi.waitFor(async () => {
    const { items } = await world.api<{ items: OrderView[] }>('/v1/orders?strategy=quick&limit=20')
    expect(items.some(({ status, reason }) => status === 'denied' && reason?.code === 'TRADING_HALTED')).toBe(true)
  }, WAIT)
  expect(highest(await fillsOf('quick'))).toBe(before)
  await world.api('/v1/halts', { scope: 'platform', state: 'active', reason: 'the test has seen it' })
  await tradesAgain(before)
}, 150_000)

test('contrail halt works when the gateway does not answer', async () => {
  const stuck = { CONTRAIL_URL: 'http://127.0.0.1:9' }
  const { out } = await world.cliWith(stuck, 'halt', '--all', '--reason', 'door is stuck', '--json')
  expect(JSON.parse(out)).toMatchObject({ scope: 'platform', state: 'halted', through: 'bus' })
  await vi.waitFor(async () => {
    const { items } = await world.api<{ items: { scope: string; state: string; reason: string }[] }>('/v1/halts')
    expect(items).toContainEqual(
      expect.objectContaining({ scope: 'platform', state: 'halted', reason: 'door is stuck' }),
    )
  }, WAIT)
}, 60_000)
