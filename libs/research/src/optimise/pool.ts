import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { isoOfUs, Refusal } from '@contrail/contracts'
import { GROWS, limitsOf, LOOK_MS, memoryBudgetMb, passedMb, ranOut } from '../run/memory.ts'
import { PULSE_BYTES, pulseOf, readPulse } from '../run/watch.ts'
import type { Pulse } from '../run/watch.ts'
import { shareSeries } from './evaluate.ts'
import type { TrialSetup, TrialWindow } from './evaluate.ts'
import type { ParameterSet } from './space.ts'
import type { TrialThreadData } from './trial-thread.ts'
import type { Outcome } from './trial.ts'

export type PoolOptions = {
  /** Default: one per core. */
  readonly threads?: number | undefined
  /** A trial that takes longer is ended and counts as failed. */
  readonly trialMsMax?: number | undefined
  /** A handler of the strategy that takes longer ends its trial, and is named; ms. */
  readonly handlerMsMax?: number | undefined
  /** What one thread may hold, MB. Default: 4096, or its share of half of the machine. */
  readonly memoryMbMax?: number | undefined
}
type Budget = { readonly trialMsMax: number; readonly handlerMsMax: number; readonly memoryMbMax: number }
export type Pool = {
  readonly threads: number
  evaluate(point: ParameterSet, window?: TrialWindow): Promise<Outcome>
  close(): Promise<void>
}

const TRIAL_MS_MAX = 10 * 60_000
const HANDLER_MS_MAX = 10_000
const THREADS_MAX = 256
type Job = {
  readonly point: ParameterSet
  readonly window: TrialWindow | undefined
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** Threads over one set of columns. A thread that dies takes its trial with it, not the others. */
export function createPool(setup: TrialSetup, options: PoolOptions = {}): Pool {
  return new ThreadPool({ ...setup, series: shareSeries(setup.series) }, options)
}

class ThreadPool implements Pool {
  readonly threads: number
  readonly #setup: TrialSetup
  readonly #budget: Budget
  readonly #waiting: Job[] = []
  readonly #members = new Set<Member>()
  /** A trial stood still: from now on each call of a handler is watched, which costs every event a little. */
  #isWatched = false
  #closed = false

  constructor(setup: TrialSetup, options: PoolOptions) {
    this.#setup = setup
    this.threads = Math.max(1, Math.min(THREADS_MAX, options.threads ?? availableParallelism()))
    const { trialMsMax = TRIAL_MS_MAX, handlerMsMax = HANDLER_MS_MAX } = options
    this.#budget = { trialMsMax, handlerMsMax, memoryMbMax: options.memoryMbMax ?? memoryBudgetMb(this.threads) }
  }

  evaluate(point: ParameterSet, window?: TrialWindow): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ point, window, resolve, reject })
      this.#hand()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#members].map((member) => member.worker.terminate()))
  }

  #hand(): void {
    for (const member of this.#members)
      if (member.isFree && this.#waiting.length > 0) member.take(this.#waiting.shift() as Job)
    const coming = [...this.#members].filter(({ isReady }) => !isReady).length
    const wanted = Math.min(this.threads - this.#members.size, this.#waiting.length - coming)
    for (let i = 0; i < wanted && !this.#closed; i++) this.#members.add(this.#member())
  }

  #member(): Member {
    const member: Member = new Member(this.#setup, this.#budget, this.#isWatched, {
      // Once more, with an eye on each call: it may only be slow.
      stalled: (job) => {
        this.#isWatched = true
        this.#waiting.unshift(job)
      },
      free: () => this.#hand(),
      gone: (error) => {
        this.#members.delete(member)
        // It never got as far as a trial: the next one would not either.
        if (error !== undefined) for (const job of this.#waiting.splice(0)) job.reject(error)
        if (!this.#closed) this.#hand()
      },
    })
    return member
  }
}

type Told = {
  readonly free: () => void
  readonly stalled: (job: Job) => void
  readonly gone: (error?: unknown) => void
}

class Member {
  readonly worker: Worker
  readonly #budget: Budget
  readonly #isWatched: boolean
  readonly #on: Told
  readonly #pulse: Pulse
  isReady = false
  #isEnding = false
  #job: Job | undefined
  #startedMs = 0
  #calls = 0
  #sinceMs = 0
  #watch: NodeJS.Timeout | undefined
  #failure: unknown

  constructor(setup: TrialSetup, budget: Budget, isWatched: boolean, on: Told) {
    this.#budget = budget
    this.#isWatched = isWatched
    this.#on = on
    const memory = new SharedArrayBuffer(PULSE_BYTES)
    this.#pulse = pulseOf(memory)
    this.worker = new Worker(path.join(import.meta.dirname, 'trial-thread.ts'), {
      workerData: { setup, memory, isWatched } satisfies TrialThreadData,
      env: {},
      stdout: true,
      resourceLimits: limitsOf(budget.memoryMbMax),
    })
    this.worker.on('message', (message: Outcome | 'ready') => this.#said(message))
    this.worker.on('error', (error) => (this.#failure ??= ranOut(error) ? tooMuch(budget.memoryMbMax) : error))
    this.worker.on('exit', () => {
      const failure = this.#failure
      const text = failure instanceof Error ? failure.message : 'its thread ended'
      this.#settle({ state: 'failed', problem: text.split('\n')[0] as string, ms: this.#ms() })
      on.gone(this.isReady ? undefined : (asRefusal(failure) ?? failure ?? new Error('a trial thread did not start')))
    })
  }

  get isFree(): boolean {
    return this.isReady && !this.#isEnding && this.#job === undefined
  }

  take(job: Job): void {
    this.#job = job
    this.#startedMs = this.#sinceMs = performance.now()
    this.#watch = setInterval(() => this.#look(job), LOOK_MS)
    this.worker.postMessage({ point: job.point, window: job.window })
  }

  #said(message: Outcome | 'ready'): void {
    if (message === 'ready') this.isReady = true
    else this.#settle(message)
    this.#on.free()
  }

  #end(failure?: unknown): void {
    this.#failure ??= failure
    this.#isEnding = true
    void this.worker.terminate()
  }

  #look(job: Job): void {
    void this.#weigh(job)
    const nowMs = performance.now()
    const { trialMsMax, handlerMsMax } = this.#budget
    if (nowMs - this.#startedMs >= trialMsMax) return this.#end(new Error(`took longer than ${trialMsMax} ms`))
    const { calls, inside, handler, eventUs } = readPulse(this.#pulse)
    if (calls !== this.#calls) {
      this.#calls = calls
      this.#sinceMs = nowMs
    }
    if (nowMs - this.#sinceMs < handlerMsMax) return
    if (!this.#isWatched) {
      this.#job = undefined
      clearInterval(this.#watch)
      this.#end()
      this.#on.stalled(job)
    } else if (inside) {
      const place = `${handler}${eventUs > 0 ? ` at ${isoOfUs(eventUs)}` : ''}`
      this.#end(new Error(`${place} ran longer than ${handlerMsMax / 1000} s: look for a loop without an end`))
    }
  }

  async #weigh(job: Job): Promise<void> {
    try {
      const passed = await passedMb(this.worker, this.#budget.memoryMbMax)
      if (passed !== undefined && this.#job === job) this.#end(tooMuch(passed))
    } catch (error) {
      this.#end(error)
    }
  }

  #settle(outcome: Outcome): void {
    clearInterval(this.#watch)
    const job = this.#job
    this.#job = undefined
    job?.resolve(outcome)
  }

  #ms(): number {
    return Math.round(performance.now() - this.#startedMs)
  }
}

const tooMuch = (memoryMb: number): Error => new Error(`held more than ${memoryMb} MB: ${GROWS}`)

/** A refusal loses its class on the way out of a thread. */
function asRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== 'Refusal') return undefined
  const { code, field, value, mend } = error as Refusal
  return typeof code === 'string' ? new Refusal(code, field, { toString: () => value }, mend) : undefined
}
