import { decodeJson, strategyEventSchema } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import type { Bus, BusMessage } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import type { EngineProcess, World } from './lib-engine.ts'

/** A worker is taken for dead after so long: as short as a bucket's time to live may be. */
const TTL_MS = 1_000
const ROUND_MS_MAX = 60_000

type Copy = { readonly name: string; readonly life: EngineProcess }

/** Two workers that both want one strategy; one is the owner, the other stands by. */
export class Pair {
  readonly #world: World
  readonly #strategy: string
  readonly #events: StrategyEvent[] = []
  #owner: Copy | undefined
  #standby: Copy | undefined
  readonly takeoverMs: number[] = []
  readonly failures: string[] = []
  takeovers = 0

  constructor(world: World, strategy: string) {
    this.#world = world
    this.#strategy = strategy
  }

  get fencedEvents(): number {
    return this.#events.filter(({ event }) => event === 'fenced').length
  }
  /** Each `fenced` comes from a publish that the server refused, and names the message that stands in its place. */
  get refusals(): number {
    return this.#events.filter(({ event, detail }) => event === 'fenced' && /as message \d+$/.test(detail)).length
  }

  async start(): Promise<void> {
    await this.#world.bus.read({
      stream: 'CONTROL',
      fromSequence: 0,
      filterSubjects: [`strategy.event.${this.#strategy}`],
      onMessage: (message: BusMessage) => this.#onEvent(message),
      onLost: (reason) => this.failures.push(`CONTROL: ${reason}`),
    })
    this.#owner = this.#begin('left')
    await this.#said(this.#owner, 'started', 0)
    this.#standby = this.#begin('right')
    await this.#standby.life.url()
  }

  /** Stop the owner, wait for the other to be live, let the owner go on, wait for it to be refused. */
  async changeOver(round: number): Promise<void> {
    const [stale, next] = [this.#owner as Copy, this.#standby as Copy]
    const before = this.#events.length
    const decided = await this.#number()
    await until(`round ${round}: the owner decides`, async () => (await this.#number()) > decided, ROUND_MS_MAX)
    const stoppedMs = performance.now()
    stale.life.child.kill('SIGSTOP')
    await this.#said(next, 'started', before)
    this.takeoverMs.push(Math.round(performance.now() - stoppedMs))
    this.takeovers += 1
    const taken = await this.#number()
    await until(`round ${round}: the new owner decides`, async () => (await this.#number()) > taken, ROUND_MS_MAX)
    stale.life.child.kill('SIGCONT')
    await this.#said(stale, 'fenced', before)
    this.#owner = next
    this.#standby = stale
  }

  async hasSeen(lastSequence: number): Promise<boolean> {
    const url = await this.#owner?.life.url()
    if (url === undefined) return false
    const actors = await this.#world.actors(url)
    return actors.some(
      ({ status, cursors, pending }) => status === 'live' && !pending && (cursors['MD']?.sequence ?? 0) >= lastSequence,
    )
  }

  async end(): Promise<void> {
    for (const copy of [this.#standby, this.#owner]) await copy?.life.kill('SIGTERM')
  }

  #begin(name: string): Copy {
    const life = this.#world.engine({
      CONTRAIL_WORKER: name,
      CONTRAIL_PLACEMENT: 'all',
      CONTRAIL_WORKER_TTL_MS: String(TTL_MS),
      // No checkpoint meanwhile: it is the publish of the stale copy that must be refused, not its checkpoint.
      CONTRAIL_CHECKPOINT_INPUTS: '1000000',
      CONTRAIL_CHECKPOINT_MS: '3600000',
      CONTRAIL_PORT: '0',
    })
    return { name, life }
  }

  async #number(): Promise<number> {
    return await lastNumber(this.#world.bus, `orders.signal.${this.#strategy}`)
  }

  async #said(copy: Copy, event: StrategyEvent['event'], after: number): Promise<void> {
    const has = () =>
      this.#events.slice(after).some((one) => one.event === event && one.worker.startsWith(`${copy.name}-`))
    await until(`${copy.name} says ${event}`, () => copy.life.ended || has(), ROUND_MS_MAX).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${copy.life.said.slice(-3_000)}`)
    })
    if (!has()) throw new Error(`${copy.name} ended before it said ${event}: ${copy.life.said.slice(-3_000)}`)
  }

  #onEvent(message: BusMessage): void {
    const event = decodeJson(strategyEventSchema, message.data, 'strategy event')
    this.#events.push(event)
    if (event.event === 'diverged' || event.event === 'halted' || event.event === 'gap')
      this.failures.push(`${event.worker} ${event.event}: ${event.detail}`)
  }
}

async function lastNumber(bus: Bus, subject: string): Promise<number> {
  const last = await bus.lastOnSubject('ORDERS', subject)
  if (!last) return 0
  return (JSON.parse(new TextDecoder().decode(last.data)) as { number: number }).number
}
