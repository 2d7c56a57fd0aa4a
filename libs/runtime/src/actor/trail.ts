/** Run-length: [stream, last sequence applied in this run]. */
export type TrailRuns = [string, number][]

/** Most runs between two decisions: one that decides so rarely is halted before its trail outgrows a message. */
export const TRAIL_RUNS_MAX = 20_000

/** The order in which inputs of different streams were applied since the previous decision. */
export class Trail {
  /** All but the last run, which is written by every input. */
  #ended: TrailRuns = []
  #stream: string | undefined
  #sequence = 0

  add(stream: string, sequence: number): void {
    if (this.#stream !== stream) {
      if (this.#stream !== undefined) this.#ended.push([this.#stream, this.#sequence])
      this.#stream = stream
    }
    this.#sequence = sequence
  }

  /** What was applied so far; the next run begins a new trail. */
  take(): TrailRuns {
    const runs = this.copy()
    this.#ended = []
    this.#stream = undefined
    return runs
  }

  copy(): TrailRuns {
    const runs = this.#ended.map(([stream, sequence]): [string, number] => [stream, sequence])
    if (this.#stream !== undefined) runs.push([this.#stream, this.#sequence])
    return runs
  }

  get length(): number {
    return this.#ended.length + (this.#stream === undefined ? 0 : 1)
  }

  restore(runs: readonly (readonly [string, number])[]): void {
    this.#ended = []
    this.#stream = undefined
    for (const [stream, sequence] of runs) this.add(stream, sequence)
  }
}
