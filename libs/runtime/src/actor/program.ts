/**
 * What the actor host runs: a pure, synchronous step over explicit state. The host knows nothing of what it means.
 */
export type ActorInput = {
  readonly stream: string
  readonly sequence: number
  readonly subject: string
  readonly data: Uint8Array
}

/** What a step decided. `body` is completed by the host (epoch, number, trail, cause) and published. */
export type ActorOutput = { readonly body: Record<string, unknown> }

export interface ActorProgram {
  /** Which subjects of which streams are its mailbox. `md.clock` and own control are included by the program. */
  readonly mailbox: Readonly<Record<string, readonly string[]>>
  /** What a subject of the mailbox means to it, for `step`: asked once per subject, because inputs are many. */
  resolve?(subject: string): unknown
  /**
   * May change its own state in place; touches nothing else. Throws only when the author's code throws. `resolved` is
   * what `resolve` said of the subject, or undefined.
   */
  step(input: ActorInput, number: number, resolved?: unknown): ActorOutput | undefined
  /** History from the archive, before live begins; whatever it would have decided is dropped. */
  warmup?(input: ActorInput): void
  /** Inputs between two points are gone. */
  gap?(detail: string): void
  /** The whole state as JSON; `restore(snapshot())` continues as if nothing had been. */
  snapshot(): unknown
  restore(state: unknown): void
  /**
   * Takes over the state of another version of itself. `kept`: goes on as that one; `fresh`: knows its account but not
   * the past of its inputs, and wants a warm-up. Without it, `restore` is used.
   */
  adopt?(state: unknown, from: { readonly code: string; readonly parameters: unknown }): 'kept' | 'fresh'
}
