import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CRASH_POINTS } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { alongTrails, firstDifferentLine, logOf, quantile, readAll, undisturbed } from './lib-engine-check.ts'
import { Lives } from './lib-engine-lives.ts'
import { loadMarket, seeded } from './lib-engine-market.ts'
import { StandInVenue } from './lib-engine-venue.ts'
import { startWorld } from './lib-engine.ts'
import type { Deployed, StrategyToRun } from './lib-engine.ts'
import { Playback } from './lib-engine-playback.ts'

/**
 * `npm run prove:recovery [-- --kills 200 --seed 1]`: a recorded market plays while the engine, a process of its own, is
 * killed with -9 at random and at every named crash point. Its decision log must equal that of an undisturbed run byte
 * for byte. Prints JSON and one line; exit code 1 when anything differs.
 */
const built = (name: string): string => fileURLToPath(import.meta.resolve(`@contrail/trading/strategies/${name}`))
const own = (name: string): string => fileURLToPath(new URL(`./strategies/${name}.ts`, import.meta.url))
const market = { venue: 'recorded', instrument: 'XRP-ETH' }

/** Decide on market data alone. */
const MARKET_ONLY: readonly StrategyToRun[] = [
  { strategy: 'cross-fast', file: own('tick-cross'), parameters: { ...market, fast: 3, slow: 8 } },
  { strategy: 'cross-slow', file: own('tick-cross'), parameters: { ...market, fast: 8, slow: 34 } },
  { strategy: 'rsi', file: own('tick-rsi'), parameters: { ...market, period: 7, low: 35, high: 65 } },
]
/** Decide on their fills too: what they do depends on when reports arrive. */
const ON_FILLS: readonly StrategyToRun[] = [
  { strategy: 'cross-fills', file: own('tick-cross'), parameters: { ...market, fast: 2, slow: 6 } },
  {
    strategy: 'sma-fills',
    file: built('sma-cross'),
    parameters: { ...market, timeframe: '1m', fast: 2, slow: 5, quantity: 20, allowShort: true },
  },
  {
    strategy: 'rsi-fills',
    file: built('rsi-reversion'),
    parameters: { ...market, timeframe: '1m', period: 5, oversold: 45, exit: 50, quantity: 30 },
  },
]

export type RecoveryOptions = {
  readonly kills: number
  readonly seed: number
  /** Ticks of the market that are played; all of them unless a test wants less. */
  readonly ticksMax?: number
  readonly crashPoints: readonly string[]
  readonly say?: (line: string) => void
}
export type StrategyResult = {
  strategy: string
  compared: 'undisturbed run' | 'undisturbed run along the trails'
  decisions: number
  activations: number
  sha256: string
  difference: string | null
}
export type RecoveryResult = {
  passed: boolean
  market: string
  ticks: number
  messages: number
  kills: { random: number; whileStarting: number; whileLive: number; atCrashPoints: Record<string, number> }
  strategies: StrategyResult[]
  decisions: number
  orders: number
  duplicateOrders: number
  missingOrLateDecisions: number
  events: Record<string, number>
  recoveryMs: { fromSpawn: Quantiles; fromActivation: Quantiles }
  failures: string[]
  seconds: number
}
type Quantiles = { p50: number | null; p99: number | null; samples: number }

export async function proveRecovery(options: RecoveryOptions): Promise<RecoveryResult> {
  const startedMs = performance.now()
  const played = loadMarket(options.ticksMax)
  const world = await startWorld()
  try {
    const deployed = await world.deploy([...MARKET_ONLY, ...ON_FILLS])
    const prices = played.messages.map(({ price }) => price ?? 0)
    const venue = new StandInVenue(
      world.bus,
      ON_FILLS.map(({ strategy }) => strategy),
      (sequence) => lastPriceAt(prices, sequence),
    )
    await venue.start()
    const playback = new Playback(world.bus, played.messages, 1_500)
    const lives = new Lives(world, deployed, options.say)
    await lives.watch()
    const killed = await killAgainAndAgain(options, lives, playback)
    await playback.finish()
    await lives.settled(playback.lastSequence)
    await until(
      'every report is out and taken in',
      async () => (await venue.drained()) && (await lives.isIdle()),
      60_000,
    )
    await lives.end()
    await venue.stop()
    const result = await judge(world.bus, deployed, venue)
    const failures = [...result.failures, ...lives.failures, ...(venue.failure ? [venue.failure.message] : [])]
    return {
      passed: failures.length === 0,
      market: played.name,
      ticks: played.ticks,
      messages: played.messages.length,
      kills: killed,
      ...result,
      events: lives.events,
      recoveryMs: { fromSpawn: quantiles(lives.fromSpawnMs), fromActivation: quantiles(lives.fromActivationMs) },
      failures,
      seconds: Math.round((performance.now() - startedMs) / 1000),
    }
  } finally {
    await world.stop()
  }
}

const NO_CHECKPOINTS = { CONTRAIL_CHECKPOINT_INPUTS: '1000000', CONTRAIL_CHECKPOINT_MS: '60000' }

async function killAgainAndAgain(options: RecoveryOptions, lives: Lives, playback: Playback) {
  const random = seeded(options.seed)
  const killed = { random: 0, whileStarting: 0, whileLive: 0, atCrashPoints: {} as Record<string, number> }
  const total = options.kills + options.crashPoints.length
  for (const point of options.crashPoints) {
    playback.share(total - Object.keys(killed.atCrashPoints).length)
    // Only a life that follows decisions without a checkpoint has something to replay.
    if (point === 'actor.mid_replay') await lives.dieAt('actor.acknowledged', 3, NO_CHECKPOINTS)
    await lives.dieAt(point, 1 + Math.floor(random() * 3))
    killed.atCrashPoints[point] = (killed.atCrashPoints[point] ?? 0) + 1
  }
  for (let i = 0; i < options.kills; i++) {
    playback.share(options.kills - i)
    // Half of them hit it while it starts, restores and replays; half while it lives.
    const phase = await lives.dieAtRandom(random() < 0.5 ? { startingShare: random() } : { liveMs: random() * 400 })
    killed[phase] += 1
    killed.random += 1
    if ((i + 1) % 20 === 0) options.say?.(`${i + 1} of ${options.kills} kills, ${playback.played} messages played`)
  }
  return killed
}

/** What was recorded against what an undisturbed run would have recorded. */
async function judge(bus: Bus, deployed: readonly Deployed[], venue: StandInVenue) {
  const [orders, ticks, reports, commands] = await Promise.all(
    ['ORDERS', 'MD', 'TRADES', 'CONTROL'].map((stream) => readAll(bus, stream)),
  )
  const streams = { MD: ticks ?? [], TRADES: reports ?? [], CONTROL: commands ?? [] }
  const strategies: StrategyResult[] = []
  const failures: string[] = []
  const orderIds: string[] = []
  for (const one of deployed) {
    const log = logOf(orders ?? [], one.strategy)
    const onFills = ON_FILLS.some(({ strategy }) => strategy === one.strategy)
    const wanted = onFills ? await alongTrails(one, log.decisions, streams) : await undisturbed(one, streams.MD)
    const difference = firstDifferentLine(log.lines, wanted) ?? null
    if (difference) failures.push(`${one.strategy}: ${difference}`)
    if (log.lines.length === 0) failures.push(`${one.strategy}: it decided nothing, which proves nothing`)
    orderIds.push(...log.orderIds)
    strategies.push({
      strategy: one.strategy,
      compared: onFills ? 'undisturbed run along the trails' : 'undisturbed run',
      decisions: log.lines.length,
      activations: log.activations,
      sha256: log.sha256,
      difference,
    })
  }
  const duplicateOrders = orderIds.length - new Set(orderIds).size + venue.repeated.length
  if (duplicateOrders > 0) failures.push(`${duplicateOrders} orders were asked for twice`)
  const decisions = strategies.reduce((sum, each) => sum + each.decisions, 0)
  const missingOrLateDecisions = strategies.filter(({ difference }) => difference !== null).length
  return { strategies, decisions, orders: orderIds.length, duplicateOrders, missingOrLateDecisions, failures }
}

function lastPriceAt(prices: readonly number[], sequence: number): number {
  for (let at = Math.min(sequence, prices.length) - 1; at >= 0; at--) if (prices[at]) return prices[at] as number
  return prices.find((price) => price > 0) ?? 1
}

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10)
const quantiles = (values: readonly number[]): Quantiles => ({
  p50: round(quantile(values, 0.5)),
  p99: round(quantile(values, 0.99)),
  samples: values.length,
})

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
  })
  const crashPoints = CRASH_POINTS.filter((point) => point.startsWith('actor.'))
  const say = (line: string) => console.error(`prove:recovery: ${line}`)
  const result = await proveRecovery({ kills: Number(values.kills), seed: Number(values.seed), crashPoints, say })
  console.log(JSON.stringify(result, null, 2))
  const { kills, decisions, orders, duplicateOrders, recoveryMs } = result
  const points = Object.keys(kills.atCrashPoints).length
  console.log(
    `prove:recovery ${result.passed ? 'passed' : 'FAILED'}: ${kills.random} kills and ${points} crash points, ` +
      `${decisions} decisions equal to the undisturbed run, ${orders} orders, ${duplicateOrders} twice; live again ` +
      `p50 ${recoveryMs.fromSpawn.p50} ms / p99 ${recoveryMs.fromSpawn.p99} ms from spawn, ` +
      `p50 ${recoveryMs.fromActivation.p50} ms / p99 ${recoveryMs.fromActivation.p99} ms from activation`,
  )
  process.exitCode = result.passed ? 0 : 1
}

if (import.meta.main) await main()
