import { subjects } from '@contrail/contracts'
import type { ProducerJob } from '../bare/producer.ts'
import { startBare } from '../children.ts'
import { deploy, startEngine, undeployAll, until } from '../engine.ts'
import type { Engine } from '../engine.ts'
import type { Figure } from '../figures/figure.ts'
import { atMost, median } from '../stats.ts'
import { forgetMarket, lastSequence, stored } from '../world.ts'
import type { World } from '../world.ts'
import { nowUs } from './stamp.ts'

/** A worker that is silent for so long is dead, ms: a heartbeat every 200 ms. */
const TTL_MS = 600
const TICKS_PER_SECOND = 200
const LIVE_MS_MAX = 20_000
const BEFORE_MS = 1_000
const AFTER_MS_MAX = 10_000

/** Two workers; the one that runs the strategy is killed: until the other has stored its first decision. */
export async function failover(world: World, tell: Parameters<Figure['run']>[1]): Promise<void> {
  await forgetMarket(world)
  const strategy = `fo-${world.run}`
  await deploy(world, [{ strategy, instruments: [world.instruments[0] as string], every: 1 }])
  const settings = { CONTRAIL_WORKER_TTL_MS: String(TTL_MS) }
  const engines = await Promise.all([startEngine(world, { settings }), startEngine(world, { settings })])
  const tookMs: number[] = []
  for (let round = 0; round < (world.quick ? 1 : 2); round++) {
    tookMs.push(await oneRound(world, engines, strategy))
    engines.push(await startEngine(world, { settings }))
  }
  await Promise.all(engines.map((engine) => engine.kill9()))
  await undeployAll(world)
  tell({
    figure: 'j',
    what: 'failover: kill -9 to the first decision of another worker',
    value: median(tookMs),
    unit: 'ms',
    target: atMost(1_000),
    rounds: { ours: tookMs, bare: [] },
    note: `a worker is dead after ${TTL_MS} ms of silence (CONTRAIL_WORKER_TTL_MS); worst of ${tookMs.length}: ${Math.max(...tookMs).toFixed(0)} ms`,
  })
}

/** The one that was killed is taken out of the list. */
async function oneRound(world: World, engines: Engine[], strategy: string): Promise<number> {
  let owner: Engine | undefined
  await until(`${strategy} is live on one worker`, LIVE_MS_MAX, async () => {
    const all = await Promise.all(engines.map((engine) => engine.actors()))
    const live = all.map((actors) => actors.some((one) => one.strategy === strategy && one.status === 'live'))
    owner = live.filter(Boolean).length === 1 ? engines[live.indexOf(true)] : undefined
    return owner !== undefined
  })
  const producer = await startBare('producer', { url: world.natsUrl })
  const job: ProducerJob = {
    subjects: [world.tickSubjects[0] as string],
    count: ((BEFORE_MS + AFTER_MS_MAX) / 1000) * TICKS_PER_SECOND,
    ratePerSecond: TICKS_PER_SECOND,
    marked: false,
  }
  producer.ask(job).catch(() => undefined) // it is stopped before it has sent all
  await new Promise((resolve) => setTimeout(resolve, BEFORE_MS))
  const after = await lastSequence(world, 'ORDERS')
  const killedUs = nowUs()
  await (owner as Engine).kill9()
  engines.splice(engines.indexOf(owner as Engine), 1)
  let firstUs = Infinity
  await until('another worker decides', AFTER_MS_MAX, async () => {
    const through = await lastSequence(world, 'ORDERS')
    const own = await stored(world, 'ORDERS', { after, through, filterSubjects: [subjects.signal(strategy)] })
    const said = own.map(({ data, timeUs }) => ({ ...(JSON.parse(Buffer.from(data).toString()) as Said), timeUs }))
    const activated = said.findIndex(({ kind }) => kind === 'activated')
    if (activated < 0) return false
    firstUs = said.slice(activated).find(({ kind }) => kind === 'decision')?.timeUs ?? Infinity
    return firstUs < Infinity
  })
  await producer.stop()
  return (firstUs - killedUs) / 1000
}

type Said = { readonly kind: string }
