import type { KvBucket } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Actor } from './actor.ts'
import { putAnchor } from './anchor.ts'
import { putCheckpoint, takeCheckpoint } from './checkpoint.ts'
import { Fenced, Halted } from './types.ts'
import type { ActorLimits } from './types.ts'

/** How often actors are looked at for a due checkpoint, ms. */
const SWEEP_MS = 100
/** An actor without inputs still moves on in its streams; its position is stored at least this often, ms. */
const QUIET_MS = 60_000

/** Writes checkpoints off the hot path, oldest first, a few at a time. */
export class Checkpointer {
  readonly #bucket: KvBucket
  readonly #clock: Clock
  readonly #limits: ActorLimits
  readonly #actors: () => Iterable<Actor>
  readonly #onFailure: (actor: Actor, cause: Error) => void
  #timer: { cancel(): void } | undefined
  #sweeping = false
  #stopped = false

  constructor(options: {
    bucket: KvBucket
    clock: Clock
    limits: ActorLimits
    actors: () => Iterable<Actor>
    onFailure: (actor: Actor, cause: Error) => void
  }) {
    this.#bucket = options.bucket
    this.#clock = options.clock
    this.#limits = options.limits
    this.#actors = options.actors
    this.#onFailure = options.onFailure
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /**
   * Writes what is due now, or the oldest of it. Many are due at once after a start, and a flood of inputs makes each of
   * them due ever again: spread out, they take no more than twice the time that their ages ask for.
   */
  async sweep(): Promise<void> {
    if (this.#sweeping) return
    this.#sweeping = true
    const all = [...this.#actors()]
    const due = all.filter((actor) => this.#isDue(actor))
    due.sort((a, b) => a.checkpoint.atMs - b.checkpoint.atMs)
    const { checkpointsAtOnce, checkpointMs } = this.#limits
    due.splice(Math.max(checkpointsAtOnce, Math.ceil((2 * all.length * SWEEP_MS) / checkpointMs)))
    const workers = Array.from({ length: checkpointsAtOnce }, async () => {
      for (let actor = due.shift(); actor; actor = due.shift()) await this.write(actor)
    })
    await Promise.all(workers)
    this.#sweeping = false
  }

  /** False when this is not the moment: a decision is on its way. */
  async write(actor: Actor): Promise<boolean> {
    if (actor.pending || actor.checkpoint.busy || actor.held) return false
    // What a version on trial has not yet decided may be taken back: nothing of it is kept.
    if (actor.trial?.isOver(this.#clock.monotonicMs()) === false) return false
    actor.trial = undefined
    actor.checkpoint.busy = true
    try {
      const bytes = takeCheckpoint(actor, this.#clock.nowUs())
      actor.checkpoint.inputs = actor.inputs
      actor.checkpoint.atMs = this.#clock.monotonicMs()
      await putCheckpoint(this.#bucket, actor, bytes)
      await putAnchor(this.#bucket, actor, bytes, this.#clock.nowUs())
      return true
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      if (cause instanceof Fenced || cause instanceof Halted) actor.end(cause)
      else this.#onFailure(actor, cause)
      return false
    } finally {
      actor.checkpoint.busy = false
    }
  }

  #isDue(actor: Actor): boolean {
    if ((actor.status !== 'live' && actor.status !== 'catching_up') || actor.pending) return false
    const { inputs, atMs } = actor.checkpoint
    if (actor.inputs - inputs >= this.#limits.checkpointInputs) return true
    const ageMs = this.#clock.monotonicMs() - atMs
    return ageMs >= (actor.inputs > inputs ? this.#limits.checkpointMs : QUIET_MS)
  }

  #arm(): void {
    if (this.#stopped) return
    this.#timer = this.#clock.setTimer(SWEEP_MS, () => void this.sweep().finally(() => this.#arm()))
  }
}
