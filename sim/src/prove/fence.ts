import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { until } from '@contrail/runtime/testing'
import { alongTrails, firstDifferentLine, logOf, quantile, readAll } from './lib-engine-check.ts'
import { Pair } from './lib-engine-pair.ts'
import { loadMarket } from './lib-engine-market.ts'
import { Playback } from './lib-engine-playback.ts'
import { StandInVenue } from './lib-engine-venue.ts'
import { startWorld } from './lib-engine.ts'
import type { Deployed, World } from './lib-engine.ts'

/**
 * `npm run prove:fence [-- --rounds 100]`: two engine workers that both want one strategy. The owner is stopped with
 * SIGSTOP in mid-stream, the other takes over, the first is resumed with SIGCONT and goes on where it was: its next
 * publish must be refused, it must say `fenced`, and each order must be on ORDERS once. Then the roles change.
 */
export type FenceResult = {
  passed: boolean
  market: string
  rounds: number
  takeovers: number
  /** Publishes of a stale copy that the server refused. */
  refusals: number
  fencedEvents: number
  decisions: number
  orders: number
  duplicateOrders: number
  difference: string | null
  takeoverMs: { p50: number | null; p99: number | null }
  failures: string[]
  seconds: number
}

const STRATEGY = 'fenced'
const FILE = fileURLToPath(new URL('./strategies/tick-cross.ts', import.meta.url))
const PARAMETERS = { venue: 'recorded', instrument: 'XRP-ETH', fast: 2, slow: 3 }

export async function proveFence(options: {
  rounds: number
  ticksMax?: number
  say?: (line: string) => void
}): Promise<FenceResult> {
  const startedMs = performance.now()
  const played = loadMarket(options.ticksMax)
  const world = await startWorld()
  try {
    const [deployed] = (await world.deploy([{ strategy: STRATEGY, file: FILE, parameters: PARAMETERS }])) as [Deployed]
    const playback = new Playback(world.bus, played.messages, 5_000)
    const venue = new StandInVenue(world.bus, [STRATEGY], () => 0.0014)
    await venue.start()
    const pair = new Pair(world, STRATEGY)
    await pair.start()
    for (let round = 1; round <= options.rounds; round++) {
      // One more than there are: the last round too needs a market that goes on.
      playback.share(options.rounds - round + 2)
      await pair.changeOver(round)
      if (round % 10 === 0) options.say?.(`${round} of ${options.rounds} rounds`)
    }
    await playback.finish()
    await until('the owner has seen the whole market', () => pair.hasSeen(playback.lastSequence), 60_000)
    await until('all is answered', () => venue.drained())
    await pair.end()
    await venue.stop()
    const judged = await judge(world, deployed)
    const failures = [...pair.failures, ...(venue.failure ? [venue.failure.message] : [])]
    if (judged.difference) failures.push(judged.difference)
    if (judged.duplicateOrders > 0) failures.push(`${judged.duplicateOrders} orders are on ORDERS more than once`)
    if (pair.fencedEvents < options.rounds) failures.push(`fenced was said ${pair.fencedEvents} times`)
    if (pair.refusals < options.rounds) failures.push(`${pair.refusals} publishes were refused`)
    const { takeoverMs, takeovers, refusals, fencedEvents } = pair
    return {
      passed: failures.length === 0,
      market: played.name,
      rounds: options.rounds,
      takeovers,
      refusals,
      fencedEvents,
      ...judged,
      takeoverMs: { p50: quantile(takeoverMs, 0.5), p99: quantile(takeoverMs, 0.99) },
      failures,
      seconds: Math.round((performance.now() - startedMs) / 1000),
    }
  } finally {
    await world.stop()
  }
}

async function judge(world: World, deployed: Deployed) {
  const log = logOf(await readAll(world.bus, 'ORDERS'), STRATEGY)
  const streams = { MD: await readAll(world.bus, 'MD'), TRADES: await readAll(world.bus, 'TRADES') }
  const difference = firstDifferentLine(log.lines, await alongTrails(deployed, log.decisions, streams)) ?? null
  return {
    decisions: log.lines.length,
    orders: log.orderIds.length,
    duplicateOrders: log.orderIds.length - new Set(log.orderIds).size,
    difference,
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } })
  const say = (line: string) => console.error(`prove:fence: ${line}`)
  const result = await proveFence({ rounds: Number(values.rounds), say })
  console.log(JSON.stringify(result, null, 2))
  console.log(
    `prove:fence ${result.passed ? 'passed' : 'FAILED'}: ${result.rounds} rounds, ${result.refusals} stale publishes ` +
      `refused, fenced said ${result.fencedEvents} times, ${result.orders} orders, ${result.duplicateOrders} twice, ` +
      `${result.decisions} decisions equal to one undisturbed copy`,
  )
  process.exitCode = result.passed ? 0 : 1
}

if (import.meta.main) await main()
