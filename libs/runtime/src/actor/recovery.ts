import { liveAt } from './activation.ts'
import type { ActivationPorts, Claim } from './activation.ts'
import type { Actor } from './actor.ts'
import { keepBeginning } from './anchor.ts'
import { Backlog } from './backlog.ts'
import { canonicalJson } from './canonical.ts'
import { putCheckpoint, takeCheckpoint, versionOf } from './checkpoint.ts'
import type { LoadedCheckpoint } from './checkpoint.ts'
import { crashPoint } from './crash-point.ts'
import { decisionDifference, describeInput } from './messages.ts'
import type { OwnMessage } from './messages.ts'
import type { ActorInput } from './program.ts'
import { Diverged, Halted, InputsLost } from './types.ts'
import type { ActorEvent, ActorEventKind, ActorLimits } from './types.ts'

export type RecoveryPorts = ActivationPorts & {
  readonly limits: ActorLimits
  readonly tell: (actor: Actor, event: ActorEventKind, detail: string, version?: ActorEvent['version']) => void
}

/** Without the entry it begins at its first activation: reports are taken in again, the market's past is a gap. */
const UNREADABLE = 'its checkpoint cannot be restored (delete its entry in the bucket to begin from its record)'

/** From a claim to a state from which live can go on. Starting, recovering and taking over are these same lines. */
export async function recover(ports: RecoveryPorts, actor: Actor, claim: Claim): Promise<void> {
  actor.checkpoint.revision = claim.checkpoint?.revision ?? 0
  let lost: string = Object.values(claim.lost).join('; ')
  if (lost === '') {
    try {
      const settled = await makeAgain(ports, actor, claim)
      actor.own(claim.ownSequence)
      if (!settled) keepBeginning(ports, actor.spec.id, await putNow(ports, actor))
      return
    } catch (error) {
      if (!(error instanceof InputsLost)) throw error
      lost = error.message
      for (const stream of error.streams) claim.positions[stream] = liveAt(claim.states[stream] as never)
    }
  }
  await goOnAfterGap(ports, actor, claim, lost)
}

/** Restores, and makes every recorded decision again. True when nothing needs to be stored before live begins. */
async function makeAgain(ports: RecoveryPorts, actor: Actor, claim: Claim): Promise<boolean> {
  const { checkpoint } = claim
  const before = checkpoint && versionOf(checkpoint.value)
  const changed = before !== undefined && canonicalJson(before) !== canonicalJson(actor.spec.version)
  const own = actor.program
  if (changed) {
    actor.program = await actor.spec.makeProgram(before)
    actor.positions = { ...claim.positions }
  }
  actor.status = 'replaying'
  restore(actor, claim)
  await replay(ports, actor, claim.recorded)
  if (changed) {
    const state = actor.program.snapshot()
    actor.program = own
    const how = guarded('the state of the version before', () =>
      own.adopt ? own.adopt(state, before) : (own.restore(state), 'kept'),
    )
    if (how === 'fresh') await warmUp(ports, actor)
    return false
  }
  const fromLive = Object.values(actor.spec.from).every((start) => typeof start !== 'number')
  if (claim.isNew && fromLive) await warmUp(ports, actor)
  return checkpoint !== undefined
}

function restore(actor: Actor, claim: Claim): void {
  actor.epoch = claim.epoch
  actor.positions = structuredClone(claim.positions)
  const stored = claim.checkpoint?.value
  actor.number = stored?.number ?? 0
  actor.inputs = stored?.inputs ?? 0
  actor.trail.restore(stored?.trail ?? [])
  if (stored) guarded(UNREADABLE, () => actor.program.restore(stored.state.program))
}

/** Inputs along the recorded trails. Each decision must come out as it was recorded, where it was recorded. */
async function replay(ports: RecoveryPorts, actor: Actor, recorded: readonly OwnMessage[]): Promise<void> {
  if (recorded.length === 0) return
  const backlog = await openBacklog(ports, actor)
  try {
    for (const decision of recorded) if (decision.kind === 'decision') await makeOneAgain(actor, decision, backlog)
  } finally {
    await backlog.stop()
  }
}

async function makeOneAgain(actor: Actor, recorded: OwnMessage, backlog: Backlog): Promise<void> {
  if (recorded.kind !== 'decision') return
  let made: OwnMessage | undefined
  let last: ActorInput | undefined
  for (const [stream, through] of recorded.trail) {
    if (backlog.throughSequence(stream) < through)
      throw new InputsLost([stream], `${stream} ${through} was applied but is gone`)
    while ((actor.positions[stream]?.sequence ?? through) < through) {
      if (!backlog.peek(stream)) await backlog.fill(stream)
      const input = backlog.peek(stream)
      if (!input || input.sequence > through)
        throw new InputsLost([stream], `${stream} ${through} was applied but is gone`)
      backlog.shift(stream)
      crashPoint('actor.mid_replay')
      if (made) throw tooEarly(recorded, made, input)
      made = actor.apply(input)
      last = input
    }
  }
  if (!made) throw new Diverged(`decision ${recorded.number} was not made again on ${causeOf(recorded)}`)
  const difference = decisionDifference(recorded, made)
  if (difference && last) throw new Diverged(`decision ${recorded.number} on ${describeInput(last)}: ${difference}`)
  actor.lastDecision = recorded
}

const causeOf = (decision: OwnMessage): string =>
  decision.kind === 'decision'
    ? `${decision.cause.stream} ${decision.cause.sequence} (${decision.cause.subject})`
    : 'nothing'

const tooEarly = (recorded: OwnMessage, made: OwnMessage, next: ActorInput): Diverged =>
  new Diverged(
    `decision ${recorded.number} was recorded on ${causeOf(recorded)}, but made again on ${causeOf(made)}, before ${describeInput(next)}`,
  )

/**
 * The inputs since the checkpoint cannot all be read. What was decided on them stands and is not made again; reports of
 * it are taken in; the strategy is told of the gap and warmed up; live begins at the end of the streams that lost inputs.
 */
async function goOnAfterGap(ports: RecoveryPorts, actor: Actor, claim: Claim, detail: string): Promise<void> {
  const untilUs = ports.clock.nowUs()
  actor.program = await actor.spec.makeProgram(actor.spec.version)
  restoreForGap(actor, claim.checkpoint)
  actor.epoch = claim.epoch
  actor.number = claim.number
  actor.inputs = claim.checkpoint?.value.inputs ?? 0
  actor.trail.take()
  actor.positions = structuredClone(claim.positions)
  for (const stream of Object.keys(claim.lost)) actor.positions[stream] = liveAt(claim.states[stream] as never)
  actor.own(claim.ownSequence)
  ports.tell(actor, 'gap', detail)
  guarded('gap', () => actor.program.gap?.(detail))
  await takeInCovered(ports, actor, claim)
  await warmUp(ports, actor, untilUs)
  await putNow(ports, actor)
}

function restoreForGap(actor: Actor, checkpoint: LoadedCheckpoint | undefined): void {
  if (!checkpoint) return
  const before = versionOf(checkpoint.value)
  const { program } = checkpoint.value.state
  const changed = canonicalJson(before) !== canonicalJson(actor.spec.version)
  guarded(UNREADABLE, () => {
    if (changed && actor.program.adopt) actor.program.adopt(program, before)
    else actor.program.restore(program)
  })
}

/** Inputs of whole streams that recorded decisions had already seen: what they led to was decided and is not repeated. */
async function takeInCovered(ports: RecoveryPorts, actor: Actor, claim: Claim): Promise<void> {
  const covered: Record<string, number> = {}
  for (const decision of claim.recorded)
    if (decision.kind === 'decision') for (const [stream, through] of decision.trail) covered[stream] = through
  const backlog = await openBacklog(ports, actor)
  try {
    for (const [stream, through] of Object.entries(covered)) {
      const position = actor.positions[stream]
      if (!position || position.sequence >= through) continue
      while (backlog.peek(stream) || (await backlog.fill(stream))) {
        const input = backlog.peek(stream) as ActorInput
        if (input.sequence > through) break
        backlog.shift(stream)
        position.sequence = input.sequence
        guarded('warm-up', () => actor.program.warmup?.(input))
      }
    }
  } finally {
    await backlog.stop()
  }
}

async function warmUp(ports: RecoveryPorts, actor: Actor, untilUs = ports.clock.nowUs()): Promise<void> {
  const { history } = actor.spec
  if (!history || !actor.program.warmup) return
  ports.tell(actor, 'warming_up', `asks the archive for its look-back`)
  const inputs = await history(untilUs)
  for (const input of inputs) guarded('warm-up', () => actor.program.warmup?.(input))
  ports.tell(actor, 'warmed_up', `${inputs.length} inputs of history`)
}

/** What the program cannot take now it will not take later: a person has to look. */
function guarded<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new Halted(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

async function putNow(ports: RecoveryPorts, actor: Actor): Promise<Uint8Array> {
  const bytes = takeCheckpoint(actor, ports.clock.nowUs())
  await putCheckpoint(ports.checkpoints, actor, bytes)
  return bytes
}

export async function openBacklog(ports: RecoveryPorts, actor: Actor): Promise<Backlog> {
  const after = Object.fromEntries(Object.entries(actor.positions).map(([stream, { sequence }]) => [stream, sequence]))
  return await Backlog.open({
    bus: ports.bus,
    mailbox: actor.mailbox,
    after,
    limit: ports.limits.backlogMessages,
  })
}
