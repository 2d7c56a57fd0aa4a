import { addDecimal, compareDecimal, negateDecimal } from '@contrail/contracts'
import type { FillView, PositionView } from '@contrail/contracts'
import { openDatabase } from '@contrail/db'
import type { FileOptions } from '@contrail/data'
import { startTestPlatform } from '../testing/platform.ts'
import type { TestPlatform } from '../testing/platform.ts'
import type { Checked } from './input-checks.ts'

/** A day of market in about a minute. */
const SPEED = 3000
const WAIT_MS = 240_000
/** Played this fast, every order is late by the market's own time; the controls on age and rate are lifted for it. */
const LIMITS = {
  platform: {
    tickAgeMaxUs: 1e15,
    signalAgeMaxUs: 1e15,
    duplicateWindowUs: 0,
    strategyPerSecond: 1e6,
    strategyPerMinute: 1e6,
    accountPerSecond: 1e6,
    cancelsPerSecond: 1e6,
    midCollar: 1,
    lastCollar: 1,
    protectionBand: 0.2,
  },
}

export type ChainProof = {
  orders: number
  filled: number
  fills: number
  decisions: number
  /** `contrail replay` on what was recorded, as it was and with one constant changed. */
  replay: Replayed
  changed: Replayed
  checks: Checked[]
}
type Replayed = {
  from: { number: number; hours: number }
  inputs: number
  recorded: number
  equal: number
  differing: number
  missing: number
  extra: number
  first: { number: number; input: string; difference: string } | null
}

/** SMA cross trades the recorded market on the whole platform; at the end the three books must agree to the last digit. */
export const proveChain = (file: FileOptions, market: ChainMarket): Promise<ChainProof> =>
  withChain(file, market, compare)

export type ChainMarket = { venue: string; instrument: string; quantity: number }

/** The platform after SMA cross has traded a recorded market on it to its end. */
export async function withChain<T>(
  file: FileOptions,
  market: ChainMarket,
  use: (world: TestPlatform) => Promise<T>,
): Promise<T> {
  const world = await startTestPlatform({
    extra: {
      ingest: {
        CONTRAIL_INGEST_SOURCE: 'file',
        CONTRAIL_INGEST_FILES: file.file,
        CONTRAIL_INGEST_SPEED: String(SPEED),
        CONTRAIL_INGEST_INSTRUMENT: market.instrument,
        CONTRAIL_INGEST_VENUE: market.venue,
      },
      orders: {
        CONTRAIL_ORDERS_STALE_CLOCK: 'market',
        CONTRAIL_ORDERS_LIMITS: JSON.stringify(LIMITS),
        CONTRAIL_ORDERS_LIQUIDITY: 'unlimited',
      },
    },
  })
  try {
    await world.api('/v1/strategies', {
      strategy: 'prover',
      definition: 'sma-cross',
      parameters: {
        venue: market.venue,
        instrument: market.instrument,
        timeframe: '1m',
        fast: 3,
        slow: 8,
        quantity: market.quantity,
      },
    })
    await until(async () => (await ended(world)) && (await quiet(world)))
    return await use(world)
  } finally {
    await world.stop()
  }
}

async function ended(world: TestPlatform): Promise<boolean> {
  const { items } = await feedsOf(world)
  return items.length > 0 && items.every(({ status }) => status === 'ended')
}

async function feedsOf(world: TestPlatform): Promise<{ items: { status: string }[] }> {
  const answer = await fetch(`${world.platform.urls['ingest']}/feeds`, {
    headers: { authorization: `Bearer ${world.platform.secrets.internal}` },
  })
  return (await answer.json()) as { items: { status: string }[] }
}

/** Nothing is open, and every fill the venue made is booked. */
async function quiet(world: TestPlatform): Promise<boolean> {
  const [open, fills, positions, venue] = await Promise.all([
    world.api<{ items: unknown[] }>('/v1/orders?status=open&limit=500'),
    allFills(world),
    world.api<{ items: PositionView[] }>('/v1/positions'),
    venuePosition(world),
  ])
  const booked = positions.items.reduce((sum, one) => sum + one.fills, 0)
  return open.items.length === 0 && fills.length === venue.fills && booked === fills.length
}

async function compare(world: TestPlatform): Promise<ChainProof> {
  const fills = await allFills(world)
  const { items: positions } = await world.api<{ items: PositionView[] }>('/v1/positions')
  const venue = await venuePosition(world)
  const { items: trial } = await world.api<{ items: { asset: string; sum: string }[] }>('/v1/trial-balance')
  const { items: strategies } = await world.api<{ items: { decisions: number }[] }>('/v1/strategies')
  const orders = await ordersOf(world)
  const replay = await replayed(world)
  const changed = await replayed(world, '--set', 'slow=9')
  const summed = fills.reduce(
    (sum, fill) => addDecimal(sum, fill.side === 'buy' ? fill.quantity : negateDecimal(fill.quantity)),
    '0',
  )
  const held = positions.reduce((sum, one) => addDecimal(sum, one.quantity), '0')
  const check = (what: string, wanted: number | string, found: number | string): Checked => ({
    check: what,
    wanted,
    found,
    passed: wanted === found,
  })
  return {
    orders: orders.length,
    filled: orders.filter(({ status }) => status === 'filled').length,
    fills: fills.length,
    decisions: strategies[0]?.decisions ?? 0,
    replay,
    changed,
    checks: [
      check('decisions made again and equal', replay.recorded, replay.equal),
      check('decisions of the replay that differ', 0, replay.differing + replay.missing + replay.extra),
      check('hours of market replayed (more than 1)', 'yes', replay.from.hours > 1 ? 'yes' : `${replay.from.hours}`),
      check(
        'a changed constant is found, with its input',
        'yes',
        /^MD \d+ \(md\./.test(changed.first?.input ?? '') ? 'yes' : 'no',
      ),
      check('it trades (more than 10 fills)', 'yes', fills.length > 10 ? 'yes' : `${fills.length}`),
      check('position = sum of fills', summed, held),
      check('position = position at the venue', venue.quantity, held),
      check('ledger sums to zero per asset', 0, trial.filter(({ sum }) => compareDecimal(sum, '0') !== 0).length),
      check('assets in the ledger (start cash, base, quote)', 3, trial.length),
    ],
  }
}

async function replayed(world: TestPlatform, ...more: string[]): Promise<Replayed> {
  const { out } = await world.cli('replay', 'prover', '--json', ...more)
  return JSON.parse(out) as Replayed
}

async function allFills(world: TestPlatform): Promise<FillView[]> {
  return await pages<FillView>(world, '/v1/fills')
}
const ordersOf = (world: TestPlatform) => pages<{ status: string }>(world, '/v1/orders')

async function pages<T>(world: TestPlatform, at: string): Promise<T[]> {
  const all: T[] = []
  for (let cursor: string | undefined; ;) {
    const page = await world.api<{ items: T[]; next?: string }>(`${at}?limit=500${cursor ? `&cursor=${cursor}` : ''}`)
    all.push(...page.items)
    if (!page.next) return all
    cursor = page.next
  }
}

/** From the paper venue's own tables: nobody else writes them. */
async function venuePosition(world: TestPlatform): Promise<{ quantity: string; fills: number }> {
  const url = world.platform.databases.orders.trade
  const database = openDatabase(url as string, { max: 1, tenant: 'main' })
  try {
    const [row] = await database.sql<{ quantity: string; fills: number }[]>`
      select coalesce(sum(case side when 'buy' then quantity else -quantity end), 0)::text as quantity, count(*)::int as fills
      from paper_fills`
    return { quantity: addDecimal(row?.quantity ?? '0', '0'), fills: row?.fills ?? 0 }
  } finally {
    await database.close()
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not quiet after ${WAIT_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}
