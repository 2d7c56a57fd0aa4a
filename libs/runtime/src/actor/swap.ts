import { publishFenced } from './committer.ts'
import { keepBeginning } from './anchor.ts'
import { putCheckpoint, takeCheckpoint } from './checkpoint.ts'
import { catchUp } from './catch-up.ts'
import type { Actor } from './actor.ts'
import type { SharedFeed } from './feed.ts'
import { encodeMessage } from './messages.ts'
import type { ActorInput, ActorProgram } from './program.ts'
import type { RecoveryPorts } from './recovery.ts'
import type { TrailRuns } from './trail.ts'
import { StreamLost, SwapRefused } from './types.ts'
import type { ActorSpec, Positions } from './types.ts'

/** Inputs, and the time, in which a new version that throws is taken back. Later a throw halts the actor, as any does. */
export const TRIAL_INPUTS = 256
const TRIAL_MS = 600_000
/** Attempts to store the checkpoint that separates two versions. */
const CHECKPOINT_ATTEMPTS = 3

/** Where a copy stands between two inputs: from here the inputs can be applied again. */
type Point = {
  readonly state: unknown
  readonly positions: Positions
  readonly number: number
  readonly inputs: number
  readonly trail: TrailRuns
}

/** The first inputs of a new version, and the way back to the one before it. */
export class Trial {
  readonly before: { readonly spec: ActorSpec; readonly program: ActorProgram }
  /** Behind the last decision of the new version, or where it began: what it did since then can be taken back. */
  point: Point
  /** It has decided: the state of the version before is not that of `point` any more. */
  decided = false
  #left = TRIAL_INPUTS
  readonly #startedMs: number

  constructor(before: { spec: ActorSpec; program: ActorProgram }, point: Point, startedMs: number) {
    this.before = before
    this.point = point
    this.#startedMs = startedMs
  }

  /** A decision is about to be published: from then on it stands. */
  decide(actor: Actor): void {
    this.point = pointOf(actor)
    this.decided = true
  }

  /** One more input went well. */
  pass(nowMs: number): 'over' | 'goes on' {
    this.#left -= 1
    return this.#left === 0 || this.isOver(nowMs) ? 'over' : 'goes on'
  }

  isOver(nowMs: number): boolean {
    return nowMs - this.#startedMs >= TRIAL_MS
  }
}

export type SwapPorts = { readonly ports: RecoveryPorts; readonly feed: SharedFeed; readonly stopped: () => boolean }

/**
 * Another version takes over between two inputs, in the same copy: no input is lost and none is applied twice. The
 * epoch grows, and `activated` says on the actor's own subject which code makes the decisions from here on. Nothing of
 * the old version is given up before the new one has proved itself.
 */
export async function swap({ ports, feed, stopped }: SwapPorts, actor: Actor, spec: ActorSpec): Promise<void> {
  const program = await refusable('it does not load', () => spec.makeProgram(spec.version))
  const streams = (one: ActorProgram) => Object.keys(one.mailbox).sort().join()
  if (streams(program) !== streams(actor.program)) throw new SwapRefused('it reads other streams')
  const history = await historyFor(actor, program, spec, ports)
  await actor.hold()
  if (stopped() || actor.ended) throw new SwapRefused('the actor has ended meanwhile')
  const before = { spec: actor.spec, program: actor.program }
  let how: 'kept' | 'fresh'
  try {
    how = adopt(program, before.program.snapshot(), before.spec, history)
  } catch (error) {
    actor.release()
    throw new SwapRefused(textOf(error), { cause: error })
  }
  exchange(feed, actor, spec, program)
  actor.trial = new Trial(before, pointOf(actor), ports.clock.monotonicMs())
  actor.firstInputAtUs = undefined
  await own(ports, actor)
  const state = how === 'kept' ? 'state kept' : `${whyAnew(spec, before.spec)}, ${history.length} inputs back`
  tell(ports, actor, 'swapped', `${short(spec)} takes over from ${short(before.spec)}: ${state}`, before.spec)
  actor.swappedAtUs = ports.clock.nowUs()
  actor.release()
}

/** A program takes over the state of other parameters no more than one of another shape. */
const whyAnew = ({ version }: ActorSpec, before: ActorSpec): string =>
  JSON.stringify(version.parameters) === JSON.stringify(before.version.parameters)
    ? 'its state has another shape and began anew'
    : 'with other parameters its state began anew'

/** The new version threw: the one before goes on from behind the last decision, over the inputs since then. */
export async function rollBack({ ports, feed, stopped }: SwapPorts, actor: Actor, cause: Error): Promise<void> {
  const trial = actor.trial as Trial
  actor.trial = undefined
  await actor.hold()
  if (stopped() || actor.ended) return
  const { spec, program } = trial.before
  const refused = actor.spec
  const { point } = trial
  actor.trail.restore(point.trail)
  actor.number = point.number
  actor.inputs = point.inputs
  actor.positions = structuredClone(point.positions)
  // Where the new one has decided, the account is another: the old code goes on from the state it left behind.
  let how: 'kept' | 'fresh' = 'kept'
  if (trial.decided) {
    const history = await historyFor(actor, program, spec, ports, point.state)
    how = adopt(program, point.state, refused, history)
  }
  exchange(feed, actor, spec, program)
  await own(ports, actor)
  const state = how === 'kept' ? '' : '; its state began anew'
  tell(ports, actor, 'rolled_back', `${cause.message}; ${short(spec)} goes on${state}`, refused)
  await actor.resume(() => catchUp(ports, feed, actor, stopped))
}

function exchange(feed: SharedFeed, actor: Actor, spec: ActorSpec, program: ActorProgram): void {
  const { mailbox } = actor
  actor.spec = spec
  actor.program = program
  actor.epoch += 1
  feed.renew(actor, mailbox)
}

/** States which code decides from here on, and stores the state it begins with: a recovery never mixes two versions. */
async function own(ports: RecoveryPorts, actor: Actor): Promise<void> {
  const { spec } = actor
  const message = {
    ...spec.head,
    kind: 'activated',
    epoch: actor.epoch,
    number: actor.number,
    worker: ports.worker,
    code: spec.version.code,
    cursors: actor.positions,
  }
  try {
    spec.check?.(message)
    const onTrouble = (cause: Error) => ports.onTrouble(spec.id, cause)
    const where = { bus: ports.bus, clock: ports.clock, ...spec.output, onTrouble }
    actor.checkpoint.busy = true
    actor.own(await publishFenced(where, encodeMessage(message), actor.ownSequence))
    await putNow(ports, actor)
  } catch (error) {
    actor.end(error instanceof Error ? error : new Error(textOf(error)))
    throw new SwapRefused(textOf(error), { cause: error })
  } finally {
    actor.checkpoint.busy = false
  }
}

async function putNow(ports: RecoveryPorts, actor: Actor): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const bytes = takeCheckpoint(actor, ports.clock.nowUs())
      await putCheckpoint(ports.checkpoints, actor, bytes)
      keepBeginning(ports, actor.spec.id, bytes)
      return
    } catch (error) {
      if (error instanceof Error && ['Fenced', 'Halted'].includes(error.name)) throw error
      // Activated anew it finds the checkpoint of before, and comes here by itself.
      if (attempt === CHECKPOINT_ATTEMPTS) throw new StreamLost(`the checkpoint of a swap: ${textOf(error)}`)
    }
  }
}

/** What a state that does not fit would need; asked for before the actor is held, because it takes time. */
async function historyFor(
  actor: Actor,
  program: ActorProgram,
  spec: ActorSpec,
  ports: RecoveryPorts,
  state: unknown = actor.program.snapshot(),
): Promise<readonly ActorInput[]> {
  const how = await refusable('it cannot take over', async () => program.adopt?.(state, actor.spec.version))
  if (how !== 'fresh' || !spec.history) return []
  ports.tell(actor, 'warming_up', 'a state that begins anew asks the archive for its look-back')
  return await refusable('its history', () => (spec.history as NonNullable<typeof spec.history>)(ports.clock.nowUs()))
}

function adopt(
  program: ActorProgram,
  state: unknown,
  before: ActorSpec,
  history: readonly ActorInput[],
): 'kept' | 'fresh' {
  if (!program.adopt) {
    program.restore(state)
    return 'kept'
  }
  const how = program.adopt(state, before.version)
  if (how === 'fresh') for (const input of history) program.warmup?.(input)
  return how
}

const pointOf = (actor: Actor): Point => ({
  state: actor.program.snapshot(),
  positions: structuredClone(actor.positions),
  number: actor.number,
  inputs: actor.inputs,
  trail: actor.trail.copy(),
})

function tell(
  ports: RecoveryPorts,
  actor: Actor,
  event: 'swapped' | 'rolled_back',
  detail: string,
  before: ActorSpec,
): void {
  ports.tell(actor, event, detail, { ...actor.spec.version, before: before.version.code })
}

async function refusable<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw new SwapRefused(`${what}: ${textOf(error)}`, { cause: error })
  }
}

const short = (spec: ActorSpec): string => spec.version.code.slice(0, 12)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
