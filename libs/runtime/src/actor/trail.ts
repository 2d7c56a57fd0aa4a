/** Run-length: [stream, last sequence applied in this run]. */
export type TrailRuns = [string, number][]

/** Most runs between two decisions: one that decides so rarely is halted before its trail outgrows a message. */
export const TRAIL_RUNS_MAX = 20_000

/** The order in which inputs of different streams were applied since the previous decision. */
export class Trail {
  #runs: TrailRuns = []

  add(stream: string, sequence: number): void {
    const last = this.#runs.at(-1)
    if (last !== undefined && last[0] === stream) last[1] = sequence
    else this.#runs.push([stream, sequence])
  }

  /** What was applied so far; the next run begins a new trail. */
  take(): TrailRuns {
    const runs = this.#runs
    this.#runs = []
    return runs
  }

  copy(): TrailRuns {
    return this.#runs.map(([stream, sequence]) => [stream, sequence])
  }

  get length(): number {
    return this.#runs.length
  }

  restore(runs: readonly (readonly [string, number])[]): void {
    this.#runs = runs.map(([stream, sequence]) => [stream, sequence])
  }
}
