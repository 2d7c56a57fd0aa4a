import { Trail, TRAIL_RUNS_MAX } from './trail.ts'
import type { Positions } from './types.ts'

/** How far an actor has come in each stream, and by which way. Part of the actor: an input touches few objects. */
export class Progress {
  /** Stream and sequence of the last input: its run of the trail and its position are written when another begins. */
  #stream: string | undefined
  #sequence = 0
  inputs = 0
  /** Of the last decision made, whether or not it is known to be stored. */
  number = 0
  readonly #trail = new Trail()
  #positions: Positions = {}

  get trail(): Trail {
    this.endRun()
    return this.#trail
  }
  get positions(): Positions {
    this.endRun()
    return this.#positions
  }
  set positions(positions: Positions) {
    this.endRun()
    this.#positions = positions
  }

  /** An input of this stream follows. Returns how far it has come there. */
  protected enter(stream: string): number {
    if (stream !== this.#stream) this.beginRun(stream)
    return this.#sequence
  }

  /** So many inputs of the stream that was entered, through this sequence. */
  protected applied(sequence: number, count: number): void {
    this.#sequence = sequence
    this.inputs += count
  }

  /** It made no decision for so long that its trail is about to outgrow a message. */
  protected get isLong(): boolean {
    return this.#trail.length >= TRAIL_RUNS_MAX
  }

  /** Inputs of another stream follow. One that is not among the positions has nothing for it. */
  protected beginRun(stream: string): void {
    this.endRun()
    this.#stream = stream
    this.#sequence = this.#positions[stream]?.sequence ?? Infinity
  }

  /** Writes down how far the run has come. What follows begins with `beginRun`, also of the same stream. */
  protected endRun(): void {
    const stream = this.#stream
    if (stream === undefined) return
    this.#stream = undefined
    const position = this.#positions[stream]
    if (position === undefined || this.#sequence <= position.sequence) return
    position.sequence = this.#sequence
    this.#trail.add(stream, this.#sequence)
  }
}
