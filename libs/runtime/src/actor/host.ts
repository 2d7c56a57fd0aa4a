import type { Bus, KvBucket } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import { claim } from './activation.ts'
import { catchUp } from './catch-up.ts'
import { Actor } from './actor.ts'
import { Checkpointer } from './checkpointer.ts'
import { pause } from './committer.ts'
import { SharedFeed } from './feed.ts'
import { Gate } from './gate.ts'
import { readoutOf } from './readout.ts'
import type { ActorReadout } from './readout.ts'
import { recover } from './recovery.ts'
import type { RecoveryPorts } from './recovery.ts'
import { rollBack, swap } from './swap.ts'
import type { SwapPorts } from './swap.ts'
import { ACTOR_LIMITS, Diverged, Fenced, Halted, StreamLost, SwapRefused } from './types.ts'
import type { ActorEvent, ActorEventKind, ActorLimits, ActorSpec } from './types.ts'

export type ActorHostOptions = {
  readonly bus: Bus
  readonly clock: Clock
  /** Unique to this process and this life of it. */
  readonly worker: string
  readonly checkpoints: KvBucket
  readonly limits?: Partial<ActorLimits>
  readonly onEvent: (event: ActorEvent) => void
  /** Something failed that is tried again: for the log. */
  readonly onTrouble: (id: string, cause: Error) => void
}

type Slot = {
  spec: ActorSpec
  actor: Actor | undefined
  stopped: boolean
  running: Promise<void>
  /** It ended before there was an actor. */
  failure: string | undefined
}

/** Pause before an activation that failed is tried again, ms: doubles up to the last. */
const RETRY_MS = [50, 100, 250, 500, 1_000, 2_000, 5_000]
/** Longest that a stop waits for decisions that are on their way, ms. */
const STOP_MS_MAX = 5_000

/** Runs actors: activates, feeds, stores checkpoints, lets go. One per worker process. */
export class ActorHost {
  readonly #options: ActorHostOptions
  readonly #ports: RecoveryPorts
  readonly #feed: SharedFeed
  readonly #checkpointer: Checkpointer
  readonly #activations: Gate
  readonly #slots = new Map<string, Slot>()
  #inputsBefore = 0

  constructor(options: ActorHostOptions) {
    this.#options = options
    const limits = { ...ACTOR_LIMITS, ...options.limits }
    this.#ports = {
      ...options,
      limits,
      tell: (actor, event, detail, version) => this.#tell(actor, event, detail, version),
    }
    this.#feed = new SharedFeed(options.bus, limits.ringMessages)
    this.#activations = new Gate(limits.activationsAtOnce)
    this.#checkpointer = new Checkpointer({
      bucket: options.checkpoints,
      clock: options.clock,
      limits,
      actors: () => this.#actors(),
      onFailure: (actor, cause) => options.onTrouble(actor.spec.id, cause),
    })
  }

  /** Begins to activate it; events say how that goes. One that ended is begun anew. */
  start(spec: ActorSpec): void {
    const before = this.#slots.get(spec.id)
    if (before && !before.actor?.ended && before.failure === undefined) throw new Error(`${spec.id} is already here`)
    if (before) this.#drop(before)
    const slot: Slot = { spec, actor: undefined, stopped: false, running: Promise.resolve(), failure: undefined }
    this.#slots.set(spec.id, slot)
    slot.running = this.#run(slot)
  }

  /** Lets go gracefully: what is decided is stored first, then a checkpoint. */
  async stop(id: string, reason: string): Promise<void> {
    const slot = this.#slots.get(id)
    if (!slot) return
    const { actor } = slot
    slot.stopped = true
    if (actor && !actor.ended && actor.status === 'live') {
      actor.leave()
      await Promise.race([actor.idle(), pause(this.#options.clock, STOP_MS_MAX)])
      const stored = !actor.ended && (await this.#checkpointer.write(actor))
      if (!actor.ended) this.#tell(actor, 'stopped', `${reason}; ${stored ? 'checkpoint stored' : 'no checkpoint'}`)
    } else if (actor && !actor.ended) {
      actor.leave()
      actor.abandon()
      await Promise.race([slot.running, pause(this.#options.clock, STOP_MS_MAX)])
      this.#tell(actor, 'stopped', `${reason}; while ${actor.status}`)
    }
    if (actor && !actor.ended) actor.status = 'stopped'
    this.#drop(slot)
  }

  /**
   * Another version takes over in the running actor, between two inputs. Throws `SwapRefused` when it is not taken: then
   * the version before goes on. Only a live actor can be swapped; one that is not is stopped and started.
   */
  async swap(spec: ActorSpec): Promise<void> {
    const slot = this.#slots.get(spec.id)
    const { actor } = slot ?? {}
    if (!slot || actor?.status !== 'live' || actor.held) throw new SwapRefused('it is not live')
    await swap(this.#swapPorts(slot), actor, spec)
    slot.spec = actor.spec
  }

  has(id: string): boolean {
    return this.#slots.has(id)
  }

  readout(id: string): ActorReadout | undefined {
    const slot = this.#slots.get(id)
    return slot && readoutOf(slot.spec, slot.actor, slot.failure)
  }

  readouts(): ActorReadout[] {
    return [...this.#slots.values()].map((slot) => readoutOf(slot.spec, slot.actor, slot.failure))
  }

  /** Inputs applied by all actors since the start. */
  get inputs(): number {
    let inputs = this.#inputsBefore
    for (const actor of this.#actors()) inputs += actor.inputs
    return inputs
  }

  /** Streams that are read, and through which sequence. */
  streams(): [string, number][] {
    return this.#feed.streams()
  }

  async close(reason = 'the worker stops'): Promise<void> {
    this.#checkpointer.stop()
    await Promise.all([...this.#slots.keys()].map((id) => this.stop(id, reason)))
    await this.#feed.close()
  }

  *#actors(): Iterable<Actor> {
    for (const { actor } of this.#slots.values()) if (actor) yield actor
  }

  #drop(slot: Slot): void {
    this.#inputsBefore += slot.actor?.inputs ?? 0
    slot.actor?.abandon()
    if (this.#slots.get(slot.spec.id) === slot) this.#slots.delete(slot.spec.id)
  }

  async #run(slot: Slot): Promise<void> {
    for (let attempt = 0; !slot.stopped; attempt++) {
      try {
        await this.#activations.run(() => this.#activate(slot))
        return
      } catch (error) {
        const cause = error instanceof Error ? error : new Error(String(error))
        if (slot.stopped || slot.actor?.ended) return
        if (isFinal(cause)) return this.#onEnd(slot, slot.actor, cause)
        this.#options.onTrouble(slot.spec.id, cause)
        slot.actor?.abandon()
        await pause(this.#options.clock, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] as number)
      }
    }
  }

  async #activate(slot: Slot): Promise<void> {
    const { clock, bus } = this.#options
    const startedMs = clock.monotonicMs()
    const program = await slot.spec.makeProgram(slot.spec.version)
    if (slot.stopped) return
    const actor = new Actor(slot.spec, program, {
      bus,
      clock,
      feed: this.#feed,
      onEnd: (ended, cause) => this.#onEnd(slot, ended, cause),
      onTrialFailed: (failed, cause) => this.#onTrialFailed(slot, failed, cause),
      onTrouble: (_, cause) => this.#options.onTrouble(slot.spec.id, cause),
      onLive: (live) => this.#onLive(live, startedMs),
      onBehind: (late) => this.#onBehind(slot, late),
    })
    slot.actor = actor
    const claimed = await claim(this.#ports, slot.spec, Object.keys(program.mailbox))
    actor.epoch = claimed.epoch
    if (slot.stopped) return
    await recover(this.#ports, actor, claimed)
    await catchUp(this.#ports, this.#feed, actor, () => slot.stopped)
  }

  #onLive(actor: Actor, startedMs: number): void {
    const first = actor.activationMs === undefined
    actor.status = 'live'
    if (!first) return
    actor.activationMs = this.#options.clock.monotonicMs() - startedMs
    actor.checkpoint.atMs = this.#options.clock.monotonicMs()
    actor.checkpoint.inputs = actor.inputs
    this.#tell(actor, 'started', `live after ${actor.activationMs.toFixed(1)} ms`)
  }

  #swapPorts(slot: Slot): SwapPorts {
    return { ports: this.#ports, feed: this.#feed, stopped: () => slot.stopped }
  }

  #onTrialFailed(slot: Slot, actor: Actor, cause: Error): void {
    rollBack(this.#swapPorts(slot), actor, cause).then(
      () => {
        slot.spec = actor.spec
      },
      (error: unknown) => actor.end(error instanceof Error && isFinal(error) ? error : new StreamLost(String(error))),
    )
  }

  #onBehind(slot: Slot, actor: Actor): void {
    catchUp(this.#ports, this.#feed, actor, () => slot.stopped).catch((error: unknown) =>
      actor.end(error instanceof Error && isFinal(error) ? error : new StreamLost(String(error))),
    )
  }

  #onEnd(slot: Slot, actor: Actor | undefined, cause: Error): void {
    if (slot.stopped) return
    if (cause instanceof StreamLost) {
      this.#options.onTrouble(slot.spec.id, cause)
      actor?.abandon()
      if (actor) {
        actor.status = 'stopped'
        this.#inputsBefore += actor.inputs
      }
      // The ended copy is gone: a first try to activate the next that fails is not taken for its end.
      slot.actor = undefined
      slot.running = this.#run(slot)
      return
    }
    const fenced = cause instanceof Fenced
    if (actor) {
      actor.status = fenced ? 'fenced' : 'halted'
      actor.detail = cause.message
    } else slot.failure = cause.message
    const event = fenced ? 'fenced' : cause instanceof Diverged ? 'diverged' : 'halted'
    this.#options.onEvent({
      id: slot.spec.id,
      event,
      epoch: actor?.epoch ?? 0,
      number: actor?.number ?? 0,
      detail: cause.message,
    })
  }

  #tell(actor: Actor, event: ActorEventKind, detail: string, version?: ActorEvent['version']): void {
    const { epoch, number } = actor
    this.#options.onEvent({ id: actor.spec.id, event, epoch, number, detail, ...(version && { version }) })
  }
}

const isFinal = (cause: Error): boolean =>
  cause instanceof Fenced || cause instanceof Halted || cause instanceof Diverged
