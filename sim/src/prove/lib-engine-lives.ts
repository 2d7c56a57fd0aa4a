import { decodeJson, strategyEventSchema } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import type { BusMessage } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import type { Deployed, EngineProcess, World } from './lib-engine.ts'

/** A life that has not begun to live after so long, or not reached its crash point, has failed. */
const LIFE_MS_MAX = 60_000
const NAME = 'proof'

/** One engine after the other, and what they said of themselves. */
export class Lives {
  readonly #world: World
  readonly #deployed: readonly Deployed[]
  readonly #say: ((line: string) => void) | undefined
  #now: EngineProcess | undefined
  /** Strategies that are live in the present life. */
  readonly #live = new Set<string>()
  #lived = 0
  /** Time from spawn to all strategies live, of the last life that got there. */
  #startingMs = 1_000
  readonly fromSpawnMs: number[] = []
  readonly fromActivationMs: number[] = []
  readonly events: Record<string, number> = {}
  readonly failures: string[] = []

  constructor(world: World, deployed: readonly Deployed[], say?: (line: string) => void) {
    this.#world = world
    this.#deployed = deployed
    this.#say = say
  }

  async watch(): Promise<void> {
    await this.#world.bus.read({
      stream: 'CONTROL',
      fromSequence: 0,
      filterSubjects: ['strategy.event.*'],
      onMessage: (message) => this.#onEvent(message),
      onLost: (reason) => this.failures.push(`CONTROL: ${reason}`),
    })
  }

  /** Kills itself at the n-th pass of a named point. */
  async dieAt(point: string, passes: number, env: Record<string, string> = {}): Promise<void> {
    const life = this.#begin({ CONTRAIL_CRASH_AT: `${point}:${passes}`, ...env })
    await this.#until(life, `it dies at ${point}:${passes}`, () => life.ended)
    const how = await life.exited()
    this.#say?.(`${point}:${passes}: ${how}`)
    if (how !== 'SIGKILL') this.failures.push(`at ${point}:${passes} it ended with ${how}: ${life.said.slice(-500)}`)
  }

  /** At a share of the time that a start takes, or so long after all its strategies are live. */
  async dieAtRandom(when: { startingShare: number } | { liveMs: number }): Promise<'whileStarting' | 'whileLive'> {
    const life = this.#begin()
    if ('startingShare' in when) await pass(this.#startingMs * when.startingShare)
    else {
      await this.#until(life, 'all strategies are live', () => this.#allLive())
      await pass(when.liveMs)
    }
    const phase = this.#live.size === this.#deployed.length ? 'whileLive' : 'whileStarting'
    if (life.ended) this.failures.push(`it ended by itself with ${await life.exited()}: ${life.said.slice(-500)}`)
    await life.kill()
    return phase
  }

  /** A last life that is left alone until it has seen the whole market. */
  async settled(lastSequence: number): Promise<void> {
    const life = this.#begin()
    await this.#until(life, 'all strategies are live', () => this.#allLive())
    await this.#until(
      life,
      'all have seen the whole market',
      async () =>
        this.failures.length > 0 ||
        (await this.#actors()).every(
          ({ cursors, pending, behind }) => (cursors['MD']?.sequence ?? 0) >= lastSequence && !pending && behind === 0,
        ),
    )
  }

  /** Nothing on its way, and every report taken in. */
  async isIdle(): Promise<boolean> {
    if (this.failures.length > 0) return true
    const trades = (await this.#world.bus.streamState('TRADES'))?.lastSequence ?? 0
    const actors = await this.#actors()
    return actors.every(({ cursors, pending }) => !pending && (cursors['TRADES']?.sequence ?? 0) >= trades)
  }

  async end(): Promise<void> {
    await this.#now?.kill('SIGTERM')
    const how = await this.#now?.exited()
    if (how !== 0) this.failures.push(`the last life ended with ${how}: ${this.#now?.said.slice(-500)}`)
  }

  /** Or one will never be, which is a failure already. */
  #allLive(): boolean {
    return this.#live.size === this.#deployed.length || this.failures.length > 0
  }

  #begin(env: Record<string, string> = {}): EngineProcess {
    this.#live.clear()
    this.#lived += 1
    this.#now = this.#world.engine({
      CONTRAIL_WORKER: NAME,
      CONTRAIL_PORT: '0',
      CONTRAIL_CHECKPOINT_INPUTS: '400',
      CONTRAIL_CHECKPOINT_MS: '700',
      ...env,
    })
    return this.#now
  }

  async #actors(): Promise<Readout[]> {
    const url = await this.#now?.url()
    return url === undefined ? [] : await this.#world.actors(url)
  }

  async #until(life: EngineProcess, what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const ended = () => life.ended && what.startsWith('all')
    await until(`life ${this.#lived}: ${what}`, async () => ended() || (await condition()), LIFE_MS_MAX).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${life.said}`)
      },
    )
    if (ended()) throw new Error(`life ${this.#lived} ended with ${await life.exited()} before ${what}: ${life.said}`)
  }

  #onEvent(message: BusMessage): void {
    const event = decodeJson(strategyEventSchema, message.data, 'strategy event')
    this.events[event.event] = (this.events[event.event] ?? 0) + 1
    if (event.event === 'started') this.#onStarted(event)
    else if (event.event !== 'stopped' && event.event !== 'warming_up' && event.event !== 'warmed_up')
      this.failures.push(`${event.strategy} ${event.event}: ${event.detail}`)
  }

  #onStarted(event: StrategyEvent): void {
    const life = this.#now
    // An event of the life before may arrive after its death.
    if (!life || event.atUs < life.spawnedUs) return
    this.#live.add(event.strategy)
    const spawnMs = (event.atUs - life.spawnedUs) / 1000
    this.fromSpawnMs.push(spawnMs)
    this.fromActivationMs.push(Number(/live after ([\d.]+) ms/.exec(event.detail)?.[1]))
    if (this.#live.size === this.#deployed.length) this.#startingMs = spawnMs
  }
}

export type Readout = {
  readonly strategy: string
  readonly status: string
  readonly detail: string
  readonly epoch: number
  readonly number: number
  readonly pending: boolean
  readonly behind: number
  readonly cursors: Readonly<Record<string, { sequence: number }>>
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)) // tidy-ok: the moment of a kill
