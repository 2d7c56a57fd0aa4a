import type { ActorInput, ActorProgram } from './program.ts'

/** What a program was made from. Two copies of one version decide the same on the same inputs. */
export type ActorVersion = { readonly code: string; readonly parameters: unknown }

/** Where a stream begins for an actor that never ran: after its last message, at its first, or at this sequence. */
export type StartAt = 'live' | 'first' | number

export type ActorSpec = {
  readonly id: string
  /** Where its decisions are stored: a subject that nobody else writes. */
  readonly output: { readonly stream: string; readonly subject: string }
  /** Said in every message of its own, and nothing of it changes over its life. */
  readonly head: Readonly<Record<string, unknown>>
  readonly version: ActorVersion
  /** Also asked for older versions: decisions are made again by the code that made them. */
  readonly makeProgram: (version: ActorVersion) => Promise<ActorProgram>
  readonly from: Readonly<Record<string, StartAt>>
  /** Throws when a message of its own is not fit to be published. */
  readonly check?: (message: unknown) => void
  /** History from the archive up to this time, oldest first: for a new actor and after a gap. */
  readonly history?: (untilUs: number) => Promise<readonly ActorInput[]>
  /** Called after a live input of this stream was applied: how the host's owner hears commands. */
  readonly onApplied?: { readonly stream: string; readonly listener: (input: ActorInput) => void }
}

export const ACTOR_STATUSES = ['activating', 'replaying', 'catching_up', 'live', 'stopped', 'fenced', 'halted'] as const
export type ActorStatus = (typeof ACTOR_STATUSES)[number]

export type ActorEventKind =
  | 'started'
  | 'stopped'
  | 'fenced'
  | 'diverged'
  | 'checkpointed'
  | 'warming_up'
  | 'warmed_up'
  | 'halted'
  | 'gap'
  | 'swapped'
  | 'rolled_back'

export type ActorEvent = {
  readonly id: string
  readonly event: ActorEventKind
  readonly epoch: number
  readonly number: number
  readonly detail: string
  /** Of `swapped` and `rolled_back`: what runs now, and the code it took over from. */
  readonly version?: ActorVersion & { readonly before: string }
}

/** Position in one stream: everything up to `sequence` was seen. */
export type Position = { incarnation: string; sequence: number }
export type Positions = Record<string, Position>

export type ActorLimits = {
  /** A checkpoint is due after this many inputs ... */
  readonly checkpointInputs: number
  /** ... or after this long. */
  readonly checkpointMs: number
  /** Messages of all streams that a worker keeps in memory; an actor that is further behind reads its own backlog. */
  readonly ringMessages: number
  /** Messages one actor's own backlog reader may hold. */
  readonly backlogMessages: number
  readonly activationsAtOnce: number
  readonly checkpointsAtOnce: number
}
export const ACTOR_LIMITS: ActorLimits = {
  checkpointInputs: 5_000,
  checkpointMs: 10_000,
  ringMessages: 32_768,
  backlogMessages: 4_096,
  activationsAtOnce: 8,
  checkpointsAtOnce: 16,
}

/** This copy is not the owner any more: another epoch has spoken on its subject. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}
/** A decision made again is not the one that was recorded. */
export class Diverged extends Error {
  override readonly name = 'Diverged'
}
/** Stopped for good until a person or a new version mends it. */
export class Halted extends Error {
  override readonly name = 'Halted'
}
/** Another version was not taken; the one that ran goes on. */
export class SwapRefused extends Error {
  override readonly name = 'SwapRefused'
}
/** Inputs that were recorded as applied cannot be read again. */
export class InputsLost extends Error {
  override readonly name = 'InputsLost'
  readonly streams: readonly string[]
  constructor(streams: readonly string[], detail: string) {
    super(detail)
    this.streams = streams
  }
}
/** The shared feed lost its stream: the actor is activated anew, which finds out what is gone. */
export class StreamLost extends Error {
  override readonly name = 'StreamLost'
}
