import type { Instrument, Intent } from '@contrail/contracts'
import type { OpenOrder } from './open-orders.ts'
import type { NoteValue } from './notes.ts'

/** One message of the mailbox, as the actor host delivers it. */
export type StrategyInput = {
  readonly stream: string
  readonly sequence: number
  readonly subject: string
  readonly data: Uint8Array
}
/** Inputs of one stream that were there at once, and which of them are this strategy's: as the actor host hands them out. */
export type StrategyBatch = {
  readonly inputs: readonly StrategyInput[]
  readonly sequences: Float64Array
  memo: unknown
}
export type StrategyRun = {
  readonly batch: StrategyBatch
  readonly order: Int32Array
  readonly meanings: Int32Array
  readonly count: number
  readonly resolved: readonly unknown[]
  at: number
}
/** What the strategy decided: the part of a decision that is its own. Its keys are always in this order. */
export type StrategyOutput = {
  readonly body: { readonly atUs: number; readonly reasons: Record<string, NoteValue>; readonly intents: Intent[] }
}
export type StrategyActorOptions = {
  readonly strategy: string
  readonly tenant: string
  readonly account: string
  readonly parameters: unknown
  readonly instruments: readonly Instrument[]
}

/** What a person or a test may look at; nothing here changes the actor. */
export type StrategyReadout = {
  readonly state: unknown
  readonly nowUs: number
  readonly warm: boolean
  readonly paused: boolean
  readonly openOrders: readonly OpenOrder[]
  /** What the strategy noted last, also when nothing was decided: why there is no trade. */
  readonly reasons: Readonly<Record<string, NoteValue>>
  /** Intents that did not leave and inputs that could not be read, by code, since the start. */
  readonly refused: Readonly<Record<string, number>>
}

/** Raised when a snapshot of before cannot be read any more. */
export const SNAPSHOT_VERSION = 2
export type ActorSnapshot = {
  version: number
  nowUs: number
  paused: boolean
  counts: number[]
  prices: Record<string, number>
  account: unknown
  reasons: Record<string, NoteValue>
  refused: Record<string, number>
  toldRefusals: string[]
  /** Of the author's state, and the shape it had when it was made. */
  state: { shape: string; value: unknown }
}
