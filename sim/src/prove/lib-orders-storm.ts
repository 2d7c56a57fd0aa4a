import type { Violation } from './lib-orders-check.ts'
import { awaited, CALM } from './lib-orders-world.ts'
import type { App, OrdersWorld } from './lib-orders-world.ts'

const STRATEGIES = 4
const DECISIONS = 12

/** Small and repeatable: the same round gives the same choices. */
function seeded(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A burst of decisions while either service dies at random moments; then everything must have ended. */
export async function stormRound(world: OrdersWorld, round: number): Promise<Violation[]> {
  const random = seeded(round)
  const names = Array.from({ length: STRATEGIES }, (_, index) => `r${round}s${index}`)
  for (const app of ['orders', 'portfolio'] as const) world.ensure(app)
  let deciding = true
  const killing = (async () => {
    while (deciding) {
      await new Promise((resolve) => setTimeout(resolve, 300 + random() * 900))
      const app: App = random() < 0.7 ? 'orders' : 'portfolio'
      await world.kill(app)
      world.ensure(app)
    }
  })()
  for (let decision = 0; decision < DECISIONS; decision++)
    for (const name of names) {
      await world.decide(name, (number) => intents(random(), name, number))
      world.market = random() < 0.5 ? CALM : { ...CALM, last: 99.4, bid: 99.4, ask: 99.5, side: 'sell' }
      await new Promise((resolve) => setTimeout(resolve, random() * 120))
    }
  deciding = false
  await killing
  world.market = CALM
  for (const app of ['orders', 'portfolio'] as const) world.ensure(app)
  return await ended(world, round, names)
}

/** Even numbers change what odd ones placed. */
function intents(chance: number, name: string, number: number): Record<string, unknown>[] {
  const previous = `${name}-${number - 1}-0`
  if (number % 2 === 0)
    return chance < 0.5
      ? [{ type: 'cancel', orderId: previous }]
      : [
          { type: 'amend', orderId: previous, price: '100.5' },
          { orderType: 'market', quantity: '0.001' },
        ]
  const resting = { orderType: 'limit', price: '99.5', quantity: '0.02' }
  return chance < 0.3 ? [{ orderType: 'market', side: 'sell' }, resting].reverse() : [resting]
}

/** Every decision was carried out whole: as many orders as were placed, none in doubt. */
async function ended(world: OrdersWorld, round: number, names: readonly string[]): Promise<Violation[]> {
  await awaited(world, `round ${round} to end`, async () => {
    const { sql } = world
    const [row] = await sql<{ done: number; busy: number; unfolded: number }[]>`
      select (select count(*)::int from decision_heads where strategy = any(${[...names]}) and number = ${DECISIONS}) as done,
        (select count(*)::int from executions where published_sequence is null)
          + (select count(*)::int from order_attempts where state in ('persisted', 'unknown')) as busy,
        (select count(*)::int from fills) - (select count(*)::int from portfolio_fills) as unfolded`
    return row?.done === names.length && row.busy === 0 && row.unfolded === 0
  })
  const rows = await world.sql<{ strategy: string; decisions: number }[]>`
    select strategy, count(distinct split_part(order_id, '-', 2)) filter (where split_part(order_id, '-', 2)::int % 2 = 1)::int as decisions
    from orders where strategy = any(${[...names]}) group by 1`
  return names
    .filter((name) => rows.find((row) => row.strategy === name)?.decisions !== DECISIONS / 2)
    .map((name) => ({ rule: 'a decision was lost', detail: `round ${round}, ${name}: ${JSON.stringify(rows)}` }))
}
