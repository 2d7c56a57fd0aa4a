import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Actor } from './actor.ts'
import type { SharedFeed } from './feed.ts'

/** What an actor reaches of its host. */
export type ActorPorts = {
  readonly bus: Bus
  readonly clock: Clock
  readonly feed: SharedFeed
  /** It ended by itself: fenced, halted, diverged, or its stream was lost. */
  readonly onEnd: (actor: Actor, cause: Error) => void
  /** A version that had just taken over threw; the actor takes no inputs until it was rolled back. */
  readonly onTrialFailed: (actor: Actor, cause: Error) => void
  readonly onTrouble: (actor: Actor, cause: Error) => void
  /** Joined, and nothing is left behind. */
  readonly onLive: (actor: Actor) => void
  /** The ring has gone on without it: it needs its own backlog. */
  readonly onBehind: (actor: Actor) => void
}
