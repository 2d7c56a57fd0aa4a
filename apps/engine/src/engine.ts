import { controlSchema, decodeJson } from '@contrail/contracts'
import type { DesiredStrategy } from '@contrail/contracts'
import { SwapRefused } from '@contrail/runtime'
import type { ActorEvent, ActorHost, ActorInput, ActorVersion, Bus, Clock, KvEntry, Logger } from '@contrail/runtime'
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
  /** When each actor was last started or swapped, by our clock. */
  readonly #changedAtUs = new Map<string, number>()
  /** Revision of the desired state that a reload was last heard for. */
  readonly #heeded = new Map<string, number>()
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
    if (event.event === 'started' && this.#parts.programs.readouts.of(event.id)?.paused)
      this.#parts.events.say({ ...event, event: 'paused', detail: 'it was paused before, and still is' })
    if (event.event === 'rolled_back' && event.version) this.#parts.programs.readouts.show(event.id, event.version)
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
    if (command === 'reload' && atUs < (this.#changedAtUs.get(strategy) ?? 0)) return
    this.#heed(strategy, command).catch((error: unknown) =>
      this.#parts.log.error({ err: error, strategy, command }, 'a command was not heeded'),
    )
  }

  /** With a `reload` mostly goes a new version: it is swapped in, and nothing else is to be done. */
  async #heed(strategy: string, command: 'reload' | 'take_over'): Promise<void> {
    if (command === 'reload') {
      const entry = await (await this.#parts.bus.kv('strategies')).get(strategy)
      if (entry) this.onDesired(entry)
      const changed = this.#desired.get(strategy)?.revision !== this.#heeded.get(strategy)
      this.#heeded.set(strategy, this.#desired.get(strategy)?.revision ?? 0)
      if (changed) return
    }
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
    if (here && wanted && (await this.#swap(here, desired))) return
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
    this.#changedAtUs.set(strategy, this.#parts.clock.nowUs())
    this.#heeded.set(strategy, desired.revision)
    host.start(specOf(desired, this.#parts.programs, (input) => this.onControl(input)))
  }

  /**
   * A new version takes over in the running actor. True when that is settled: it has, or it was refused and the one
   * before goes on (whoever desires it hears of it). False when the actor has to be stopped and started.
   */
  async #swap(here: DesiredStrategy, desired: DesiredStrategy): Promise<boolean> {
    const { host, programs, clock } = this.#parts
    const { strategy, account, code } = desired
    if (this.#reload.has(strategy) || account !== here.account || isSame(here, desired)) return false
    const running = host.readout(strategy)
    if (running?.status !== 'live') return false
    this.#started.set(strategy, desired)
    this.#changedAtUs.set(strategy, clock.nowUs())
    // Back to what runs already: after a roll-back that is what is desired next.
    if (isSame(running.version, desired)) return true
    try {
      await host.swap(specOf(desired, programs, (input) => this.onControl(input)))
    } catch (error) {
      if (!(error instanceof SwapRefused)) throw error
      const { epoch, number, version: kept } = host.readout(strategy) ?? running
      const version = { ...kept, before: code }
      const detail = `${code.slice(0, 12)} was not taken: ${error.message}; ${kept.code.slice(0, 12)} goes on`
      this.onActorEvent({ id: strategy, event: 'rolled_back', epoch, number, detail, version })
    }
    return true
  }

  #mustRestart(here: DesiredStrategy, desired: DesiredStrategy): boolean {
    if (this.#reload.has(here.strategy)) return true
    const status = this.#parts.host.readout(here.strategy)?.status
    if (status === 'fenced') return !this.#standby.has(here.strategy)
    if (status === 'halted') return desired.revision !== here.revision
    return desired.account !== here.account || !isSame(here, desired)
  }

  /** Of hot standbys only one becomes the owner: the others wait while its worker lives. */
  async #hasOtherOwner(strategy: string): Promise<boolean> {
    const { bus, workers, worker } = this.#parts
    const owner = await lastOwner(bus, strategy)
    return owner !== undefined && owner !== worker && workers.isAlive(owner)
  }
}

const isSame = (a: ActorVersion, b: ActorVersion): boolean =>
  a.code === b.code && JSON.stringify(a.parameters) === JSON.stringify(b.parameters)

const reasonOf = (desired: DesiredStrategy | undefined): string =>
  !desired || desired.state === 'stopped' ? 'stopped as desired' : 'placed on another worker'
