import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { quantile } from './lib-engine-check.ts'
import { SwapWorld } from './lib-swap.ts'
import type { EditOutcome } from './lib-swap.ts'

/**
 * `npm run prove:swap [-- --edits 200 --rate 1000 --orders 0]`: the whole platform, one strategy under a stream of ticks, and
 * `contrail dev` on its file. Edits are saved one after the other; some throw on their first event, some do not compile.
 * None of the events may be missed or seen twice, and the state at the end must be that of one undisturbed fold.
 * `--orders N`: N edits more, of a strategy that always has orders resting; at the end no order may be open on one side only.
 */
export type SwapResult = {
  passed: boolean
  edits: number
  swapped: number
  rolledBack: number
  refused: number
  events: number
  lost: number
  twice: number
  stateEqual: boolean
  decisions: number
  /** From the saved file to the first event in the new code. */
  savedToFirstEventMs: { p50: number | null; p99: number | null; max: number | null }
  /** The same, by part: what `contrail dev` says of each. */
  parts: { bundleMs: number | null; deployMs: number | null; swapMs: number | null }
  rate: number
  seconds: number
  /** Of a strategy that has orders resting: placed in all, open at the end, open on one side only. */
  orders?: { placed: number; open: number; orphans: number; lost: number }
  failures: string[]
}

/** Nobody saves faster, and the gateway allows six writes a second. ms */
const BETWEEN_SAVES_MS = 250
/** Of ten edits one throws and one does not compile. */
const KINDS = ['good', 'good', 'good', 'throws', 'good', 'good', 'good', 'broken', 'good', 'good'] as const

export async function proveSwap(options: {
  edits: number
  rate: number
  habit?: 'market' | 'resting'
  say?: (line: string) => void
}): Promise<SwapResult> {
  const startedMs = performance.now()
  const world = await SwapWorld.start(options.rate, options.habit ?? 'market')
  try {
    await world.begin()
    const beganMs = performance.now()
    const outcomes: EditOutcome[] = []
    const failures: string[] = []
    for (let edit = 1; edit <= options.edits; edit++) {
      const kind = KINDS[edit % KINDS.length] as (typeof KINDS)[number]
      const savedMs = performance.now()
      const outcome = await world.edit(edit, kind)
      outcomes.push(outcome)
      if (outcome.failure) failures.push(`edit ${edit} (${kind}): ${outcome.failure}`)
      await delay(Math.max(0, savedMs + BETWEEN_SAVES_MS - performance.now()))
      if (edit % 20 === 0) options.say?.(`${edit} of ${options.edits} edits`)
    }
    const elapsedMs = performance.now() - beganMs
    const judged = await world.judge()
    const orders = options.habit === 'resting' ? await quietOrders(world, options.edits, failures) : undefined
    const times = outcomes.flatMap(({ firstEventMs }) => firstEventMs ?? []).sort((a, b) => a - b)
    const part = (name: 'bundleMs' | 'deployMs' | 'swapMs') =>
      quantile(outcomes.flatMap((one) => one[name] ?? []).sort((a, b) => a - b), 0.5) // prettier-ignore
    const count = (kind: string) => outcomes.filter((one) => one.kind === kind && !one.failure).length
    failures.push(...judged.failures)
    return {
      passed: failures.length === 0,
      edits: options.edits,
      swapped: count('good'),
      rolledBack: count('throws'),
      refused: count('broken'),
      events: judged.events,
      lost: judged.lost,
      twice: judged.twice,
      stateEqual: judged.stateEqual,
      decisions: judged.decisions,
      savedToFirstEventMs: { p50: quantile(times, 0.5), p99: quantile(times, 0.99), max: times.at(-1) ?? null },
      parts: { bundleMs: part('bundleMs'), deployMs: part('deployMs'), swapMs: part('swapMs') },
      rate: Math.round((judged.events * 1000) / elapsedMs),
      seconds: Math.round((performance.now() - startedMs) / 1000),
      ...(orders && { orders }),
      failures: failures.slice(0, 20),
    }
  } finally {
    await world.stop()
  }
}

/** A last version that leaves orders alone, so that both sides can come to rest. */
async function quietOrders(world: SwapWorld, edits: number, failures: string[]) {
  const last = await world.edit(edits + 1, 'good', 'quiet')
  if (last.failure) failures.push(`the quiet version: ${last.failure}`)
  const { placed, open, orphans, lost } = await world.orders()
  for (const orderId of orphans) failures.push(`${orderId} is open and the strategy does not know it`)
  for (const orderId of lost) failures.push(`${orderId} is not open and the strategy thinks it is`)
  return { placed, open, orphans: orphans.length, lost: lost.length }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      edits: { type: 'string', default: '200' },
      rate: { type: 'string', default: '1000' },
      orders: { type: 'string', default: '0' },
    },
  })
  const say = (line: string) => console.error(`prove:swap: ${line}`)
  const rate = Number(values.rate)
  const results: SwapResult[] = []
  if (Number(values.edits) > 0) results.push(await proveSwap({ edits: Number(values.edits), rate, say }))
  if (Number(values.orders) > 0)
    results.push(await proveSwap({ edits: Number(values.orders), rate, habit: 'resting', say }))
  for (const result of results) {
    console.log(JSON.stringify(result, null, 2))
    console.log(summaryOf(result))
  }
  process.exitCode = results.length > 0 && results.every(({ passed }) => passed) ? 0 : 1
}

function summaryOf(result: SwapResult): string {
  const { p50, p99 } = result.savedToFirstEventMs
  const { orders } = result
  const resting = orders
    ? `; ${orders.placed} orders placed, ${orders.open} open at the end, ${orders.orphans} orphans, ${orders.lost} lost`
    : ''
  return (
    `prove:swap ${result.passed ? 'passed' : 'FAILED'}: ${result.edits} edits under ${result.rate} events/s ` +
    `(${result.swapped} swapped, ${result.rolledBack} taken back, ${result.refused} refused), ${result.lost} lost, ` +
    `${result.twice} twice, state ${result.stateEqual ? 'equal' : 'NOT equal'}; saved to first event p50 ${p50} ms, p99 ${p99} ms` +
    resting
  )
}

if (import.meta.main) await main()
