import { refuse } from '@contrail/contracts'
import { scoresOf } from './pareto.ts'
import type { Sampler, Seen } from './sampler.ts'
import type { ParameterSet } from './space.ts'
import { bestOf, gainsOf } from './trial.ts'
import type { Objective, Outcome, Trial } from './trial.ts'

/** Why a study ended. */
export type Ending = 'trials' | 'exhausted' | 'no_improvement' | 'stopped'
export type StudyOptions = {
  readonly sampler: Sampler
  readonly objectives: readonly Objective[]
  readonly trialsMax: number
  /** Ends when so many trials in a row, by number, brought nothing better. */
  readonly patience?: number | undefined
  /** How many trials may run at once. It changes when they end, never which they are. */
  readonly concurrency: number
  /** A rejection ends the study: it is for what is not the trial's fault. */
  readonly evaluate: (number: number, point: ParameterSet) => Promise<Outcome>
  /** Trials of an earlier life, in any order. */
  readonly stored?: readonly Trial[]
  /** Each new trial when it has ended; it is kept before anything follows from it. */
  readonly onTrial?: (trial: Trial, best: Trial | undefined, done: number) => void
  readonly signal?: AbortSignal | undefined
}
export type StudyEnd = {
  readonly ending: Ending
  /** By number. Trials that were open when the study ended early are among them, beyond `counted`. */
  readonly trials: readonly Trial[]
  /** The best is chosen among so many leading trials: the same on any number of machines. */
  readonly counted: number
  readonly best: Trial | undefined
}

export async function runStudy(options: StudyOptions): Promise<StudyEnd> {
  return await new Study(options).run()
}

class Study {
  readonly #options: StudyOptions
  readonly #stored: ReadonlyMap<number, Trial>
  readonly #trials: (Trial | undefined)[] = []
  readonly #seen: { point: ParameterSet; score: number | undefined }[] = []
  /** Leading trials that have ended. */
  #prefix = 0
  #open = 0
  #done = 0
  #scored = -1
  #best: Trial | undefined
  #leaderAt = -1
  #leaderGain = -Infinity
  #ending: Ending | undefined
  #counted: number | undefined
  #failure: unknown
  #isOver = false
  #settled: () => void = () => undefined

  constructor(options: StudyOptions) {
    this.#options = options
    this.#stored = new Map((options.stored ?? []).map((trial) => [trial.number, trial]))
  }

  async run(): Promise<StudyEnd> {
    const { signal, objectives } = this.#options
    // What is still open is left to itself: it may be far away, or take long. It runs again when the study goes on.
    const stop = (): void => {
      this.#ending ??= 'stopped'
      this.#settled()
    }
    signal?.addEventListener('abort', stop)
    try {
      await new Promise<void>((resolve) => {
        this.#settled = () => {
          this.#isOver = true
          resolve()
        }
        if (signal?.aborted) stop()
        this.#pump()
      })
    } finally {
      signal?.removeEventListener('abort', stop)
    }
    if (this.#failure !== undefined) throw this.#failure
    const trials = this.#trials.filter((trial) => trial !== undefined)
    const counted = this.#counted ?? this.#prefix
    const best = bestOf(
      trials.filter(({ number }) => number < counted),
      objectives,
    )
    return { ending: this.#ending ?? 'trials', trials, counted, best }
  }

  #pump(): void {
    const { sampler, trialsMax, concurrency } = this.#options
    while (this.#ending === undefined && this.#failure === undefined && this.#open < concurrency) {
      const number = this.#seen.length
      if (number >= trialsMax) break
      const needed = sampler.needs(number)
      if (this.#prefix < needed) break
      this.#score(needed)
      const point = sampler.ask(number, this.#seen as readonly Seen[])
      if (!point) {
        this.#ending = 'exhausted'
        break
      }
      this.#seen.push({ point, score: undefined })
      const stored = this.#stored.get(number)
      if (stored) this.#recall(stored, point)
      else this.#start(number, point)
    }
    if (this.#open === 0 && !this.#isOver) this.#settled()
  }

  /** Scores of the leading trials; with two objectives they depend on how many those are. */
  #score(needed: number): void {
    if (this.#options.objectives.length === 1 || needed === this.#scored) return
    this.#scored = needed
    const scores = scoresOf(this.#trials.slice(0, needed), this.#options.objectives)
    for (const [i, score] of scores.entries()) (this.#seen[i] as { score: number | undefined }).score = score
  }

  #recall(stored: Trial, point: ParameterSet): void {
    if (JSON.stringify(stored.point) !== JSON.stringify(point)) {
      const drawn = JSON.stringify(point)
      this.#failure = refuse(
        'study_differs',
        `trial ${stored.number}`,
        drawn,
        'it was made otherwise: begin a new study',
      )
      return
    }
    this.#ended(stored)
  }

  #start(number: number, point: ParameterSet): void {
    this.#open++
    this.#options.evaluate(number, point).then(
      (outcome) => {
        this.#open--
        if (this.#isOver) return
        const trial: Trial = { number, point, ...outcome }
        try {
          this.#ended(trial)
          this.#options.onTrial?.(trial, this.#best, this.#done)
        } catch (error) {
          this.#failure ??= error
        }
        this.#pump()
      },
      (error: unknown) => {
        this.#open--
        this.#failure ??= error
        if (this.#open === 0) this.#settled()
      },
    )
  }

  #ended(trial: Trial): void {
    const { objectives, patience } = this.#options
    this.#trials[trial.number] = trial
    this.#done++
    const gain = gainsOf(trial, objectives)?.[0]
    if (objectives.length === 1) (this.#seen[trial.number] as { score: number | undefined }).score = gain
    const leader = this.#best && gainsOf(this.#best, objectives)?.[0]
    if (gain !== undefined && (leader === undefined || gain > leader)) this.#best = trial
    while (this.#trials[this.#prefix] && this.#counted === undefined) {
      const next = gainsOf(this.#trials[this.#prefix], objectives)?.[0]
      if (next !== undefined && next > this.#leaderGain) {
        this.#leaderGain = next
        this.#leaderAt = this.#prefix
      }
      this.#prefix++
      if (patience !== undefined && this.#prefix - 1 - this.#leaderAt >= patience) {
        this.#counted = this.#prefix
        this.#ending ??= 'no_improvement'
      }
    }
  }
}
