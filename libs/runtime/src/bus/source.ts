import type { BusMessage } from './bus.ts'

/** One message in hand. Exactly one of `ack`, `giveBack`, `giveUp` ends it. */
export type Delivery = {
  readonly message: BusMessage
  /** How often the server has delivered it, this one included. */
  readonly deliveries: number
  ack(): void
  /** Again, at once, to whoever asks. */
  giveBack(): void
  /** Never again. */
  giveUp(): void
  /** It is being worked on: do not deliver it to another. */
  touch(): void
}

export type SourceSettings = {
  /** Attempts before the dead letter. */
  readonly attemptsMax: number
  /** After this without an answer the server delivers again. */
  readonly ackWaitMs: number
}

/** A durable consumer as the consume loop sees it: NATS or memory. */
export type Source = {
  readonly settings: SourceSettings
  open(onDelivery: (delivery: Delivery) => void): void
  /** How many more may be delivered now. */
  want(count: number): void
  /** No more deliveries. */
  pause(): void
  /** All answers have reached the server. */
  close(): Promise<void>
}
