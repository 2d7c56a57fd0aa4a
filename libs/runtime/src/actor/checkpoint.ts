import type { KvBucket } from '../bus/bus.ts'
import { WrongLastSequence } from '../bus/bus.ts'
import type { Actor } from './actor.ts'
import { crashPoint } from './crash-point.ts'
import { decodeValue, encodeMessage } from './messages.ts'
import { Fenced, Halted } from './types.ts'
import type { ActorVersion, Positions } from './types.ts'
import type { TrailRuns } from './trail.ts'

/** Contracts' checkpoint; `state` holds the parameters beside the program's own. */
export type StoredCheckpoint = {
  schema: 1
  strategy: string
  epoch: number
  number: number
  ownSequence: number
  code: string
  cursors: Positions
  trail: TrailRuns
  inputs: number
  state: { parameters: unknown; program: unknown }
  atUs: number
}
export type LoadedCheckpoint = { readonly value: StoredCheckpoint; readonly revision: number }

/** Largest checkpoint, bytes: one KV value is one message. */
export const CHECKPOINT_BYTES_MAX = 900_000

export const versionOf = (stored: StoredCheckpoint): ActorVersion => ({
  code: stored.code,
  parameters: stored.state.parameters,
})

export async function loadCheckpoint(bucket: KvBucket, id: string): Promise<LoadedCheckpoint | undefined> {
  const entry = await bucket.get(id)
  if (!entry?.value) return undefined
  const value = decodeValue(entry.value) as StoredCheckpoint
  if (value.schema !== 1 || typeof value.state !== 'object' || value.state === null)
    throw new Halted(`the checkpoint of ${id} is of schema ${String(value.schema)}; this engine reads schema 1`)
  return { value, revision: entry.revision }
}

/**
 * Takes the checkpoint over for a new epoch, so that an older copy that still runs cannot write its own (it may have
 * applied inputs in another order than we will). Returns what is there now.
 */
export async function claimCheckpoint(
  bucket: KvBucket,
  loaded: LoadedCheckpoint,
  epoch: number,
): Promise<LoadedCheckpoint> {
  let current = loaded
  for (;;) {
    if (current.value.epoch > epoch) throw new Fenced(`epoch ${current.value.epoch} has written a checkpoint`)
    const value = { ...current.value, epoch }
    try {
      return { value, revision: await bucket.update(value.strategy, encodeMessage(value), current.revision) }
    } catch (error) {
      if (!(error instanceof WrongLastSequence)) throw error
      const again = await loadCheckpoint(bucket, value.strategy)
      if (!again) throw error
      if (again.value.epoch === epoch) return again
      current = again
    }
  }
}

/** The state of this moment, as bytes: taken at once, because the next input changes it. */
export function takeCheckpoint(actor: Actor, atUs: number): Uint8Array {
  let program: unknown
  try {
    program = actor.program.snapshot()
  } catch (error) {
    throw new Halted(`its state cannot be stored: ${error instanceof Error ? error.message : String(error)}`)
  }
  const value: StoredCheckpoint = {
    schema: 1,
    strategy: actor.spec.id,
    epoch: actor.epoch,
    number: actor.number,
    ownSequence: actor.ownSequence,
    code: actor.spec.version.code,
    cursors: actor.positionsNow(),
    trail: actor.trail.copy(),
    inputs: actor.inputs,
    state: { parameters: actor.spec.version.parameters, program },
    atUs,
  }
  const bytes = encodeMessage(value)
  if (bytes.length > CHECKPOINT_BYTES_MAX)
    throw new Halted(`its state is ${bytes.length} bytes; a checkpoint holds ${CHECKPOINT_BYTES_MAX}`)
  return bytes
}

/** Compare-and-set. After no answer the bucket says whether it was written; another epoch's means fenced. */
export async function putCheckpoint(bucket: KvBucket, actor: Actor, bytes: Uint8Array): Promise<void> {
  const { id } = actor.spec
  crashPoint('actor.before_checkpoint')
  try {
    const { revision } = actor.checkpoint
    actor.checkpoint.revision = await (revision === 0 ? bucket.create(id, bytes) : bucket.update(id, bytes, revision))
  } catch (error) {
    const there = await loadCheckpoint(bucket, id)
    if (there && there.value.epoch > actor.epoch)
      throw new Fenced(`epoch ${there.value.epoch} has written a checkpoint`)
    // Mine after all, or an older copy's: either way the next one goes on top of what is there.
    if (there) actor.checkpoint.revision = there.revision
    if (there?.value.epoch !== actor.epoch) throw error
  }
  crashPoint('actor.after_checkpoint')
}
