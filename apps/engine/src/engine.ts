import { controlSchema, decodeJson } from '@contrail/contracts'
import type { DesiredStrategy } from '@contrail/contracts'
import type { ActorEvent, ActorHost, ActorInput, Bus, Clock, KvEntry, Logger } from '@contrail/runtime'
import type { Events } from './events.ts'
import { lastOwner } from './owner.ts'
import { ownerOf } from './placement.ts'
import { decodeDesired, specOf } from './program.ts'
import type { ProgramParts } from './program.ts'
import type { Workers } from './workers.ts'

export type EngineParts = {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly host: ActorHost
  readonly events: Events
  readonly workers: Workers
  readonly programs: ProgramParts
  readonly tenant: string
  readonly worker: string
  readonly placement: 'rendezvous' | 'all'
}

/** After it was fenced, a worker that still believes it is the owner asks again after so long, ms. */
const FENCED_RETRY_MS = 5_000
/** Makes what runs here equal to what is desired and placed here. */
export class Engine {
  readonly #parts: EngineParts
  readonly #desired = new Map<string, DesiredStrategy>()
  /** What the actor that is here was started from. */
  readonly #started = new Map<string, DesiredStrategy>()
  /** Another copy was faster: not again before something has changed. */
  readonly #standby = new Set<string>()
  readonly #reload = new Set<string>()
  readonly #busy = new Set<string>()
  readonly #again = new Set<string>()
  readonly #startedAtUs: number
  #stopped = false

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#startedAtUs = parts.clock.nowUs()
  }

  onDesired(entry: KvEntry): void {
    try {
      if (entry.operation === 'delete' || !entry.value) this.#desired.delete(entry.key)
      else {
        const desired = decodeDesired(entry.value)
        if (desired.tenant === this.#parts.tenant) this.#desired.set(entry.key, desired)
      }
    } catch (error) {
      this.#parts.log.error({ err: error, key: entry.key }, 'a desired strategy cannot be read; nothing changes for it')
      return
    }
    this.#settle(entry.key)
  }

  /** Workers came or went: every placement may be another. */
  onWorkers(): void {
    this.#standby.clear()
    this.settleAll()
  }

  settleAll(): void {
    for (const strategy of new Set([...this.#desired.keys(), ...this.#started.keys()])) this.#settle(strategy)
  }

  onActorEvent(event: ActorEvent): void {
    this.#parts.events.say(event)
    if (event.event === 'started' && this.#parts.programs.readouts.get(event.id)?.().paused)
      this.#parts.events.say({ ...event, event: 'paused', detail: 'it was paused before, and still is' })
    if (event.event !== 'fenced') return
    this.#standby.add(event.id)
    if (this.#parts.placement === 'rendezvous')
      this.#parts.clock.setTimer(FENCED_RETRY_MS, () => {
        if (this.#standby.delete(event.id)) this.#settle(event.id)
      })
  }

  /** Commands are inputs of the strategy; what the host has to do about them is done here. */
  onControl(input: ActorInput): void {
    const control = decodeJson(controlSchema, input.data, 'control')
    const { strategy, command, reason, by, atUs } = control
    const readout = this.#parts.host.readout(strategy)
    const said = { id: strategy, epoch: readout?.epoch ?? 0, number: readout?.number ?? 0, detail: `${by}: ${reason}` }
    if (command === 'pause') this.#parts.events.say({ ...said, event: 'paused' })
    if (command === 'resume') this.#parts.events.say({ ...said, event: 'resumed' })
    // A command that is older than this life was answered by an earlier one.
    if ((command !== 'reload' && command !== 'take_over') || atUs < this.#startedAtUs) return
    this.#reload.add(strategy)
    this.#settle(strategy)
  }

  stop(): void {
    this.#stopped = true
  }

  get desiredHere(): number {
    return [...this.#desired.values()].filter((desired) => this.#isWanted(desired)).length
  }

  #isWanted(desired: DesiredStrategy | undefined): desired is DesiredStrategy {
    if (!desired || desired.state === 'stopped' || this.#stopped) return false
    const { placement, workers, worker } = this.#parts
    return placement === 'all' || ownerOf(desired.strategy, workers.alive()) === worker
  }

  /** One change at a time per strategy; what comes meanwhile is looked at afterwards. */
  #settle(strategy: string): void {
    if (this.#busy.has(strategy)) {
      this.#again.add(strategy)
      return
    }
    this.#busy.add(strategy)
    this.#settleOnce(strategy)
      .catch((error: unknown) => this.#parts.log.error({ err: error, strategy }, 'placement failed'))
      .finally(() => {
        this.#busy.delete(strategy)
        if (this.#again.delete(strategy)) this.#settle(strategy)
      })
  }

  async #settleOnce(strategy: string): Promise<void> {
    const { host } = this.#parts
    const desired = this.#desired.get(strategy)
    const wanted = this.#isWanted(desired)
    const here = this.#started.get(strategy)
    if (here && (!wanted || this.#mustRestart(here, desired))) {
      this.#started.delete(strategy)
      await host.stop(strategy, wanted ? 'a new version takes over' : reasonOf(desired))
    }
    this.#reload.delete(strategy)
    if (!wanted || this.#started.has(strategy) || this.#standby.has(strategy)) return
    if (this.#parts.placement === 'all' && (await this.#hasOtherOwner(strategy))) {
      this.#standby.add(strategy)
      return
    }
    if (this.#stopped) return
    this.#started.set(strategy, desired)
    host.start(specOf(desired, this.#parts.programs, (input) => this.onControl(input)))
  }

  #mustRestart(here: DesiredStrategy, desired: DesiredStrategy): boolean {
    if (this.#reload.has(here.strategy)) return true
    const status = this.#parts.host.readout(here.strategy)?.status
    if (status === 'fenced') return !this.#standby.has(here.strategy)
    if (status === 'halted') return desired.revision !== here.revision
    const { code, parameters, account } = desired
    return (
      code !== here.code || account !== here.account || JSON.stringify(parameters) !== JSON.stringify(here.parameters)
    )
  }

  /** Of hot standbys only one becomes the owner: the others wait while its worker lives. */
  async #hasOtherOwner(strategy: string): Promise<boolean> {
    const { bus, workers, worker } = this.#parts
    const owner = await lastOwner(bus, strategy)
    return owner !== undefined && owner !== worker && workers.isAlive(owner)
  }
}

const reasonOf = (desired: DesiredStrategy | undefined): string =>
  !desired || desired.state === 'stopped' ? 'stopped as desired' : 'placed on another worker'
