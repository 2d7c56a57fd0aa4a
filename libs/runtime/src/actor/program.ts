/**
 * What the actor host runs: a pure, synchronous step over explicit state. The host knows nothing of what it means.
 */
export type ActorInput = {
  readonly stream: string
  readonly sequence: number
  readonly subject: string
  readonly data: Uint8Array
}

/** Inputs of one stream that were there at once, for all programs of a host. */
export interface ActorBatch {
  readonly stream: string
  readonly inputs: readonly ActorInput[]
  /** Of the inputs. */
  readonly sequences: Float64Array
  /** What one program has made of the inputs, for those that come after it. Lives as long as the batch. */
  memo: unknown
}

/** Those inputs of a batch that are one program's. */
export interface ActorRun {
  readonly batch: ActorBatch
  /** Their places in the batch, ascending; the first `count` count. */
  readonly order: Int32Array
  /** Beside each of them: where in `resolved` stands what its subject means. */
  readonly meanings: Int32Array
  readonly count: number
  readonly resolved: readonly unknown[]
  /** Place in `order` of the input at hand. */
  at: number
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
  /**
   * As `step` for one input after the other, from `run.at` on, until one is decided on or none is left: `run.at` is then that
   * input, or `run.count`. When it throws, `run.at` is the input that did it. Without it each input is a step of its own.
   */
  take?(run: ActorRun, number: number): ActorOutput | undefined
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
