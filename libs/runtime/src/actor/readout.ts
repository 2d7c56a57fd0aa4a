import type { Actor } from './actor.ts'
import type { OwnMessage } from './messages.ts'
import type { ActorSpec, ActorStatus, ActorVersion, Positions } from './types.ts'

export type ActorReadout = {
  readonly id: string
  readonly status: ActorStatus
  readonly detail: string
  readonly epoch: number
  readonly number: number
  readonly ownSequence: number
  readonly inputs: number
  readonly positions: Positions
  readonly pending: boolean
  /** Messages in the worker's ring that it has not looked at. */
  readonly behind: number
  readonly activationMs: number | undefined
  readonly lastDecision: OwnMessage | undefined
  readonly version: ActorVersion
  /** The last swap: when it let inputs through again, and when the first one was applied by the new code. */
  readonly swap: { readonly atUs: number; readonly firstInputAtUs: number | undefined } | undefined
}

export function readoutOf(spec: ActorSpec, actor: Actor | undefined, failure: string | undefined): ActorReadout {
  return {
    id: spec.id,
    status: actor?.status ?? (failure === undefined ? 'activating' : 'halted'),
    detail: actor?.detail ?? failure ?? '',
    epoch: actor?.epoch ?? 0,
    number: actor?.number ?? 0,
    ownSequence: actor?.ownSequence ?? 0,
    inputs: actor?.inputs ?? 0,
    positions: actor?.positionsNow() ?? {},
    pending: actor?.pending ?? false,
    behind: actor?.behind ?? 0,
    activationMs: actor?.activationMs,
    lastDecision: actor?.lastDecision,
    version: (actor?.spec ?? spec).version,
    swap:
      actor?.swappedAtUs === undefined ? undefined : { atUs: actor.swappedAtUs, firstInputAtUs: actor.firstInputAtUs },
  }
}
