import { randomBytes } from 'node:crypto'
import os from 'node:os'
import { Refusal } from '@contrail/contracts'
import type { BacktestRequest } from '@contrail/contracts'
import type { Clock, Logger } from '@contrail/runtime'
import { ATTEMPTS_MAX, HEAP_MB_MAX, STOP_GRACE_MS } from './limits.ts'
import type { JobLimits } from './limits.ts'
import { startJob } from './process.ts'
import type { Ending, JobProcess } from './process.ts'
import type { Ended, Job, JobStore, Progress } from './store.ts'
import type { JobError, Places } from './task.ts'

export type RunnerOptions = {
  readonly store: JobStore
  readonly clock: Clock
  readonly log: Logger
  readonly limits: JobLimits
  /** Text of the bundle that a job was asked for with. */
  readonly codeOf: (strategy: string, code: string) => Promise<string>
  readonly places: Places
}

/** Looks for jobs that nobody told us of: of another copy of this service, or left behind by a dead one. */
const LOOK_MS = 1_000
/** Progress is written and signs of life are given this often. */
const BEAT_MS = 500
/** How V8 ends a process that asks for more than it can be given. */
const OUT_OF_MEMORY = /heap out of memory|out of memory$/m
const GROWS = 'look for a list, map or text that only grows, or ask for a shorter period'

/** Takes jobs out of Postgres and runs each in a process of its own, one a core. */
export function createRunner(options: RunnerOptions) {
  const { store, clock, log, limits } = options
  const owner = `${os.hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`
  const running = new Map<string, Attempt>()
  const over = new Set<Promise<void>>()
  let stopped = false
  let looking: Promise<void> | undefined
  let again = false
  let timer: { cancel(): void } | undefined

  async function look(): Promise<void> {
    do {
      again = false
      while (!stopped && running.size < limits.slots) {
        const job = await store.claim(owner, limits.leaseMs, clock.nowUs())
        if (!job) break
        const attempt = new Attempt(options, owner, job)
        running.set(job.id, attempt)
        const end = attempt.run().catch((error: unknown) => log.error({ err: error, job: job.id }, 'job failed to run'))
        over.add(end)
        void end.finally(() => {
          running.delete(job.id)
          over.delete(end)
          poke()
        })
      }
    } while (again && !stopped)
  }

  function poke(): void {
    again = true
    if (stopped) return
    looking ??= look()
      .catch((error: unknown) => log.warn({ err: error }, 'jobs: the queue did not answer, trying again'))
      .finally(() => {
        looking = undefined
      })
  }
  const turn = (): void => {
    poke()
    if (!stopped) timer = clock.setTimer(LOOK_MS, turn)
  }
  return {
    start: turn,
    poke,
    cancel(id: string): void {
      running.get(id)?.cancel()
    },
    async stop(): Promise<void> {
      stopped = true
      timer?.cancel()
      await looking
      await Promise.all([...running.values()].map((attempt) => attempt.release()))
      await Promise.all(over)
    },
  }
}
export type Runner = ReturnType<typeof createRunner>

/** One job in hand. */
class Attempt {
  readonly #options: RunnerOptions
  readonly #owner: string
  readonly #job: Job
  readonly #timers: { cancel(): void }[] = []
  #child: JobProcess | undefined
  #news: Progress | undefined
  #seen: Pick<Progress, 'done' | 'total' | 'rate'> = { done: 0, total: 0, rate: 0 }
  #beating: Promise<void> | undefined
  #beatMs = 0
  #why: 'asked' | 'time_limit' | undefined
  #fate: 'released' | 'lost' | undefined

  constructor(options: RunnerOptions, owner: string, job: Job) {
    this.#options = options
    this.#owner = owner
    this.#job = job
  }

  async run(): Promise<void> {
    const { store, clock, log } = this.#options
    const ended = await this.#end()
    for (const timer of this.#timers) timer.cancel()
    await this.#beating
    if (this.#fate === 'lost') return
    if (this.#fate === 'released' && ended.run === undefined) return await store.release(this.#job, this.#owner)
    const kept = await store.finish(this.#job, this.#owner, ended, clock.nowUs())
    log.info({ job: this.#job.id, state: ended.state, run: ended.run, kept, error: ended.error }, 'job is over')
  }

  /** What was done becomes a run; what does not listen is ended. */
  cancel(why: 'asked' | 'time_limit' = 'asked'): void {
    if (this.#why) return
    this.#why = why
    this.#child?.stop()
    this.#later(STOP_GRACE_MS, () => void this.#child?.kill())
  }

  async release(): Promise<void> {
    this.#fate ??= 'released'
    await this.#child?.kill()
  }

  async #end(): Promise<Ended> {
    const { attempts, cancelling, request, code } = this.#job
    const { limits, codeOf, places } = this.#options
    if (cancelling) return { state: 'cancelled' }
    if (attempts > ATTEMPTS_MAX) {
      const mend = 'it may need more memory than there is: ask for a shorter period'
      return { state: 'failed', error: errorOf('process_died', `its process died ${ATTEMPTS_MAX} times`, mend) }
    }
    this.#beatLater()
    try {
      const asked = request as BacktestRequest
      const text = await codeOf(asked.strategy, code)
      if (this.#fate) return { state: 'cancelled' }
      // A process that runs somebody's code is told what it needs and no more.
      const marketDbUrl = asked.data.source === 'database' ? places.marketDbUrl : undefined
      const study = this.#job.kind === 'optimization' ? this.#job.id : undefined
      const task = { ...places, request: asked, study, code: text, rowsMax: limits.rowsMax, marketDbUrl }
      this.#child = startJob(task, ({ progress }) => {
        const { phase, done, total, rate, leftMs = null } = progress
        if (phase === 'running') this.#seen = { done, total, rate }
        this.#news = { phase, ...this.#seen, etaMs: phase === 'running' ? leftMs : null }
      })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code: reason, field, value, mend } = error
      return { state: 'failed', error: { code: reason, field, value, mend } }
    }
    if (this.#why) this.#child.stop()
    this.#later(limits.secondsMax * 1000, () => this.cancel('time_limit'))
    return this.#judge(await this.#child.ended)
  }

  #judge(ending: Ending): Ended {
    const late =
      this.#why === 'time_limit'
        ? errorOf('time_limit', `${this.#options.limits.secondsMax} s`, 'ask for a shorter period')
        : undefined
    if (ending.kind === 'done') {
      const { run, complete, events } = ending
      if (complete) return { state: 'done', run, progress: { done: events, total: events } }
      const progress = { done: events, total: Math.max(events, this.#seen.total) }
      return { state: 'partial', run, progress, ...(late ? { error: late } : {}) }
    }
    if (late) return { state: 'failed', error: late }
    if (this.#why) return { state: 'cancelled' }
    if (ending.kind === 'failed') return { state: 'failed', error: ending.error }
    const { how, lastWords } = ending
    // One that we ended ourselves goes on elsewhere.
    if (!this.#fate) this.#options.log.error({ job: this.#job.id, how, lastWords }, 'the process of a job died')
    if (OUT_OF_MEMORY.test(lastWords)) {
      const { strategy } = this.#job.request as BacktestRequest
      const error = { code: 'out_of_memory', field: strategy, value: `it ran out of the ${HEAP_MB_MAX} MB of a job`, mend: GROWS }
      return { state: 'failed', error }
    }
    const mend = 'it may need more memory than there is: ask for a shorter period'
    return { state: 'failed', error: errorOf('process_died', how, mend) }
  }

  #later(ms: number, act: () => void): void {
    this.#timers.push(this.#options.clock.setTimer(ms, act))
  }

  #beatLater(): void {
    const { clock } = this.#options
    let timer = { cancel: () => undefined as void }
    const turn = (): void => {
      this.#beating ??= this.#beat().finally(() => {
        this.#beating = undefined
      })
      timer = clock.setTimer(BEAT_MS, turn)
    }
    timer = clock.setTimer(BEAT_MS, turn)
    this.#timers.push({ cancel: () => timer.cancel() })
  }

  async #beat(): Promise<void> {
    const { store, clock, log, limits } = this.#options
    const news = this.#news
    if (!news && clock.monotonicMs() - this.#beatMs < limits.leaseMs / 4) return
    try {
      const row = await store.beat(this.#job, this.#owner, limits.leaseMs, news)
      this.#beatMs = clock.monotonicMs()
      if (this.#news === news) this.#news = undefined
      if (row?.cancelling) this.cancel()
      if (row || this.#fate) return
      // We were silent for too long and another has taken it: two must not go on.
      this.#fate = 'lost'
      await this.#child?.kill()
    } catch (error) {
      log.warn({ err: error, job: this.#job.id }, 'job: progress not written yet, trying again')
    }
  }
}

const errorOf = (code: string, value: string, mend: string): JobError => ({ code, field: 'job', value, mend })
