import type { Bus, KvBucket, StreamState } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import { claimCheckpoint, loadCheckpoint } from './checkpoint.ts'
import type { LoadedCheckpoint } from './checkpoint.ts'
import { publishFenced } from './committer.ts'
import { crashPoint } from './crash-point.ts'
import { decodeOwn, encodeMessage } from './messages.ts'
import type { OwnMessage } from './messages.ts'
import { Fenced, Halted } from './types.ts'
import type { ActorSpec, Position, Positions } from './types.ts'

export type ActivationPorts = {
  readonly bus: Bus
  readonly clock: Clock
  readonly checkpoints: KvBucket
  readonly worker: string
  readonly onTrouble: (id: string, cause: Error) => void
}

/** What a copy has when it has become the owner, before it has restored anything. */
export type Claim = {
  readonly epoch: number
  /** Of the last decision that is recorded. */
  readonly number: number
  readonly ownSequence: number
  readonly checkpoint: LoadedCheckpoint | undefined
  /** Decisions after the checkpoint, oldest first. */
  readonly recorded: readonly OwnMessage[]
  readonly positions: Positions
  /** Why inputs after the positions cannot be read, by stream. */
  readonly lost: Readonly<Record<string, string>>
  readonly states: Readonly<Record<string, StreamState>>
  /** It never ran before. */
  readonly isNew: boolean
}

/** How often an owner that is still deciding may be faster than the copy that takes over from it. */
const CLAIMS_MAX = 20

/** Publishes `activated` with the next epoch, fenced: from its acknowledgement on no older copy can speak. */
export async function claim(ports: ActivationPorts, spec: ActorSpec, streams: readonly string[]): Promise<Claim> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await claimOnce(ports, spec, streams)
    } catch (error) {
      if (!(error instanceof OwnerSpoke)) throw error
      if (attempt === CLAIMS_MAX) throw new Fenced(error.message)
    }
  }
}

/** The owner before us said something between our look and our claim: look again. */
class OwnerSpoke extends Error {
  override readonly name = 'OwnerSpoke'
}

async function claimOnce(ports: ActivationPorts, spec: ActorSpec, streams: readonly string[]): Promise<Claim> {
  const { bus } = ports
  const { stream, subject } = spec.output
  const [last, loaded, states] = await Promise.all([
    bus.lastOnSubject(stream, subject),
    loadCheckpoint(ports.checkpoints, spec.id),
    streamStates(bus, streams),
  ])
  const said = last ? decodeOwn(last) : undefined
  const epoch = Math.max(said?.epoch ?? 0, loaded?.value.epoch ?? 0) + 1
  const number = said?.number ?? 0
  const history = !loaded && last ? await readOwn(bus, spec, 0, last.sequence) : []
  const positions = positionsOf(spec, states, loaded?.value.cursors ?? firstCursors(history, spec))
  const message = {
    ...spec.head,
    kind: 'activated',
    epoch,
    number,
    worker: ports.worker,
    code: spec.version.code,
    cursors: positions,
  }
  spec.check?.(message)
  const ownSequence = await publishActivated(ports, spec, encodeMessage(message), last?.sequence ?? 0, said?.epoch ?? 0)
  crashPoint('actor.activated')
  const checkpoint = loaded && (await claimCheckpoint(ports.checkpoints, loaded, epoch))
  if (checkpoint && checkpoint.value.number > number)
    throw new Halted(`the checkpoint knows decision ${checkpoint.value.number}, the stream only ${number}`)
  const own =
    checkpoint && checkpoint.value.number < number
      ? await readOwn(bus, spec, checkpoint.value.ownSequence, ownSequence)
      : history
  const from = checkpoint ? positionsOf(spec, states, checkpoint.value.cursors) : positions
  const recorded = own.filter((entry) => entry.kind === 'decision' && entry.number > (checkpoint?.value.number ?? 0))
  assertWhole(recorded, checkpoint?.value.number ?? 0, number)
  const lost = lostStreams(from, states)
  return { epoch, number, ownSequence, checkpoint, recorded, positions: from, lost, states, isNew: !last && !loaded }
}

async function publishActivated(
  ports: ActivationPorts,
  spec: ActorSpec,
  message: Uint8Array,
  lastSequence: number,
  ownerEpoch: number,
): Promise<number> {
  const { bus, clock } = ports
  try {
    const onTrouble = (cause: Error) => ports.onTrouble(spec.id, cause)
    return await publishFenced({ bus, clock, ...spec.output, onTrouble }, message, lastSequence)
  } catch (error) {
    if (!(error instanceof Fenced)) throw error
    const now = await bus.lastOnSubject(spec.output.stream, spec.output.subject)
    if (now && decodeOwn(now).epoch === ownerEpoch) throw new OwnerSpoke(error.message)
    throw error
  }
}

export async function streamStates(bus: Bus, streams: readonly string[]): Promise<Record<string, StreamState>> {
  const entries = streams.map(async (stream): Promise<[string, StreamState]> => {
    const state = await bus.streamState(stream)
    if (!state) throw new Error(`stream ${stream} does not exist`)
    return [stream, state]
  })
  return Object.fromEntries(await Promise.all(entries))
}

export const liveAt = (state: StreamState): Position => ({
  incarnation: state.incarnation,
  sequence: state.lastSequence,
})

/** Known positions, and a beginning for each stream that was never read. */
function positionsOf(spec: ActorSpec, states: Record<string, StreamState>, known: Positions | undefined): Positions {
  const positions: Positions = {}
  for (const [stream, state] of Object.entries(states)) {
    const before = known?.[stream]
    positions[stream] = before ? { ...before } : startOf(spec, stream, state)
  }
  return positions
}

function startOf(spec: ActorSpec, stream: string, state: StreamState): Position {
  const from = spec.from[stream] ?? 'live'
  if (from === 'live') return liveAt(state)
  const sequence = from === 'first' ? Math.max(0, state.firstSequence - 1) : from - 1
  return { incarnation: state.incarnation, sequence }
}

function lostStreams(positions: Positions, states: Record<string, StreamState>): Record<string, string> {
  const lost: Record<string, string> = {}
  for (const [stream, { incarnation, sequence }] of Object.entries(positions)) {
    const state = states[stream] as StreamState
    if (state.incarnation !== incarnation) lost[stream] = `${stream} was made anew`
    else if (state.firstSequence > sequence + 1)
      lost[stream] = `${stream} ${sequence + 1} to ${state.firstSequence - 1} are gone`
    else if (state.lastSequence < sequence) lost[stream] = `${stream} ends at ${state.lastSequence}, before ${sequence}`
  }
  return lost
}

/** All own messages after one sequence through another, which is there. */
async function readOwn(bus: Bus, spec: ActorSpec, after: number, through: number): Promise<OwnMessage[]> {
  const { stream, subject } = spec.output
  const found: OwnMessage[] = []
  const whole = Promise.withResolvers<void>()
  const reader = await bus.read({
    stream,
    fromSequence: after + 1,
    filterSubjects: [subject],
    onMessage: (message) => {
      if (message.sequence > through) return
      try {
        found.push(decodeOwn(message))
      } catch (error) {
        whole.reject(error)
      }
      if (message.sequence === through) whole.resolve()
    },
    onLost: (reason) => whole.reject(new Halted(`its own decisions cannot be read: ${reason}`)),
  })
  await whole.promise.finally(() => reader.stop())
  return found
}

function firstCursors(history: readonly OwnMessage[], spec: ActorSpec): Positions | undefined {
  const first = history[0]
  if (!first) return undefined
  if (first.kind !== 'activated' || first.number !== 0)
    throw new Halted(`${spec.id} has no checkpoint and its record does not go back to its first activation`)
  return first.cursors
}

function assertWhole(recorded: readonly OwnMessage[], from: number, to: number): void {
  for (const [index, decision] of recorded.entries())
    if (decision.number !== from + 1 + index)
      throw new Halted(`its record goes from decision ${from + index} to ${decision.number}`)
  if (from + recorded.length !== to)
    throw new Halted(`its record ends at decision ${from + recorded.length}, not ${to}`)
}
