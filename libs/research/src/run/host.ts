import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { isoOfUs, Refusal, refuse } from '@contrail/contracts'
import { systemClock } from '@contrail/runtime/clock'
import type { BacktestOptions, InputSpec } from '@contrail/trading'
import { BOOT } from './boot.ts'
import type { Boot } from './boot.ts'
import { GROWS, limitsOf, LOOK_MS, memoryBudgetMb, passedMb, ranOut } from './memory.ts'
import { unpackResult } from './outcome.ts'
import type { PackedResult } from './outcome.ts'
import type { PreparedCode, StrategyCode } from './strategy.ts'
import type { RunResult, RunTotals } from './types.ts'
import { PULSE_BYTES, pulseOf, readPulse } from './watch.ts'
import type { Pulse } from './watch.ts'

export type ThreadData = { readonly file: string; readonly memory: SharedArrayBuffer; readonly boot?: Boot }
/** Text that is yet to be a file, or files that were prepared. */
export type ThreadCode = Pick<StrategyCode, 'source' | 'code'> | PreparedCode
export type Question =
  | {
      readonly kind: 'describe'
      readonly parameters: Readonly<Record<string, unknown>>
      readonly fill: Readonly<Record<string, unknown>>
    }
  | {
      readonly kind: 'run'
      readonly options: Omit<BacktestOptions, 'definition' | 'onProgress'>
      /** Where its lists are written. */
      readonly folder: string | undefined
    }
export type Described = {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly fromData: readonly string[]
  readonly inputs: readonly InputSpec[]
  readonly lookback: number
}
export type Answer =
  /** The thread runs; from now on the author's module is being loaded. */
  | { readonly kind: 'started' }
  | { readonly kind: 'loaded' }
  | ({ readonly kind: 'described' } & Described)
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly result: PackedResult }
  | { readonly kind: 'counted'; readonly totals: RunTotals }
  | { readonly kind: 'written'; readonly decisionsSha256: string }
  /** Nothing of the strategy is left that could fail. */
  | { readonly kind: 'rested' }
  | {
      readonly kind: 'failed'
      readonly code: string
      readonly field: string
      readonly value: string
      readonly mend: string
    }

export type ThreadOptions = {
  readonly handlerMsMax?: number | undefined
  /** What the strategy and its run may hold. Default: 4096, or half of the machine. */
  readonly memoryMbMax?: number | undefined
  /** How the caller is told to ask for more of either: `--budget SECONDS`. Absent where it cannot. */
  readonly more?: { readonly time: string; readonly memory: string } | undefined
  readonly onOutput?: ((text: string) => void) | undefined
}
const HANDLER_MS_MAX = 10_000
/** Reading and compiling a large bundle takes its time on a busy machine. */
const LOAD_MS_MAX = 10_000
const LOADING = 'its module'

/** A strategy in a thread of its own, with an eye on it. */
export class StrategyThread {
  readonly #worker: Worker
  readonly #pulse: Pulse
  readonly #source: string
  /** Holds the bundle as a file: only then does an error name the author's lines. */
  readonly #folder: string | undefined
  readonly #handlerMsMax: number
  readonly #memoryMbMax: number
  readonly #more: ThreadOptions['more']
  #settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void } | undefined
  #onProgress: ((done: number, total: number) => void) | undefined
  /** Answers that nobody has asked for yet. */
  readonly #early: Answer[] = []
  /** What ended it while nobody waited for an answer. */
  #lost: unknown
  #calls = -1
  #sinceMs = 0
  /** What counts like a handler: loading the module, and what is left of it after the run. */
  #inside: string | undefined
  /** It is being asked what it holds. */
  #asking = false

  constructor(code: ThreadCode, options: ThreadOptions = {}) {
    const memory = new SharedArrayBuffer(PULSE_BYTES)
    this.#pulse = pulseOf(memory)
    const { source } = code
    this.#source = source
    this.#handlerMsMax = options.handlerMsMax ?? HANDLER_MS_MAX
    this.#memoryMbMax = options.memoryMbMax ?? memoryBudgetMb()
    this.#more = options.more
    const resourceLimits = limitsOf(this.#memoryMbMax)
    const settings = { env: {}, execArgv: [], stdout: true, stderr: true, resourceLimits }
    if ('code' in code) {
      this.#folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-run-'))
      const file = path.join(this.#folder, 'bundle.mjs')
      writeFileSync(file, code.code)
      const workerData: ThreadData = { file, memory }
      this.#worker = new Worker(path.join(import.meta.dirname, 'thread.ts'), { ...settings, workerData })
    } else {
      const boot = { program: pathToFileURL(code.program).href, compiled: code.compiled }
      const workerData: ThreadData = { file: code.module, memory, boot }
      this.#worker = new Worker(BOOT, { ...settings, workerData, eval: true })
    }
    // What the author prints belongs to whoever asked for the run, not to the output of this process.
    for (const stream of [this.#worker.stdout, this.#worker.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => options.onOutput?.(text))
    this.#worker.on('message', (answer: Answer) => this.#heard(answer))
    this.#worker.on('error', (error) => this.#fail(this.#crash(error)))
    this.#worker.on('exit', () => this.#fail(refuse('thread_ended', 'strategy', source, 'it ended without an answer')))
  }

  async loaded(): Promise<void> {
    await this.#answer()
    this.#inside = undefined
  }

  async describe(parameters: Readonly<Record<string, unknown>>, fill: Readonly<Record<string, unknown>>) {
    return (await this.#ask({ kind: 'describe', parameters, fill })) as Extract<Answer, { kind: 'described' }>
  }

  async run(
    options: Omit<BacktestOptions, 'definition' | 'onProgress'>,
    folder: string | undefined,
    onProgress: (done: number, total: number) => void,
    signal?: AbortSignal,
  ): Promise<RunResult> {
    this.#onProgress = onProgress
    const stop = (): void => void Atomics.store(this.#pulse.stop, 0, 1)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    try {
      return unpackResult(
        ((await this.#ask({ kind: 'run', options, folder })) as Extract<Answer, { kind: 'done' }>).result,
      )
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async counted(): Promise<RunTotals> {
    return ((await this.#answer()) as Extract<Answer, { kind: 'counted' }>).totals
  }

  /** When the lists of the run are written and nothing is left that could fail; the SHA-256 of its decisions. */
  async written(): Promise<string> {
    const { decisionsSha256 } = (await this.#answer()) as Extract<Answer, { kind: 'written' }>
    this.#inside = 'a timer or a promise of it'
    await this.#answer()
    return decisionsSha256
  }

  async close(): Promise<void> {
    this.#settle = undefined
    this.#worker.removeAllListeners('exit')
    await this.#worker.terminate()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  #ask(question: Question): Promise<Answer> {
    const answer = this.#answer()
    this.#worker.postMessage(question)
    return answer
  }

  #answer(): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const watch = setInterval(() => this.#look(), LOOK_MS)
      const settled =
        <T>(act: (value: T) => void) =>
        (value: T) => {
          clearInterval(watch)
          this.#settle = undefined
          act(value)
        }
      this.#settle = { resolve: settled(resolve), reject: settled(reject) }
      this.#sinceMs = systemClock.monotonicMs()
      const early = this.#early.shift()
      if (!early && this.#lost !== undefined) return this.#settle.reject(this.#lost)
      if (early) this.#heard(early)
    })
  }

  #heard(answer: Answer): void {
    if (answer.kind === 'started') {
      this.#inside = LOADING
      this.#sinceMs = systemClock.monotonicMs()
      return
    }
    if (answer.kind === 'progress') return this.#onProgress?.(answer.done, answer.total)
    if (!this.#settle) this.#early.push(answer)
    else if (answer.kind === 'failed') {
      const { code, field, value, mend } = answer
      this.#fail(new Refusal(code, field === '' ? this.#source : field, value, mend))
    } else this.#settle.resolve(answer)
  }

  #fail(error: unknown): void {
    if (this.#settle) this.#settle.reject(error)
    else this.#lost ??= error
  }

  #look(): void {
    void this.#weigh()
    this.#time()
  }

  /** Ends the thread when it has been in the same call for too long. */
  #time(): void {
    const { calls, inside } = readPulse(this.#pulse)
    const nowMs = systemClock.monotonicMs()
    if (calls !== this.#calls || !(inside || this.#inside !== undefined)) {
      this.#calls = calls
      this.#sinceMs = nowMs
      return
    }
    const msMax = this.#inside === LOADING ? Math.max(LOAD_MS_MAX, this.#handlerMsMax) : this.#handlerMsMax
    if (nowMs - this.#sinceMs < msMax) return
    const value = `${this.#place()} ran longer than ${msMax / 1000} s`
    this.#end(refuse('endless', this.#source, value, `look for a loop without an end${allows(this.#more?.time)}`))
  }

  /** Ends the thread when it holds too much. It answers between two steps of its code, also in a loop. */
  async #weigh(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    try {
      const passed = await passedMb(this.#worker, this.#memoryMbMax)
      if (passed !== undefined) this.#end(this.#tooMuch(passed))
    } catch (error) {
      this.#end(error)
    } finally {
      this.#asking = false
    }
  }

  #end(error: unknown): void {
    void this.#worker.terminate()
    this.#fail(error)
  }

  /** Where its code is, or was last. */
  #place(): string {
    const { handler, eventUs } = readPulse(this.#pulse)
    return this.#inside ?? `${handler}${eventUs > 0 ? ` at ${isoOfUs(eventUs)}` : ''}`
  }

  #tooMuch(memoryMb: number): Refusal {
    const value = `${this.#place()} held more than ${memoryMb} MB`
    return refuse('out_of_memory', this.#source, value, `${GROWS}${allows(this.#more?.memory)}`)
  }

  #crash(error: Error): Refusal {
    if (ranOut(error)) return this.#tooMuch(this.#memoryMbMax)
    return refuse('strategy_failed', this.#source, error.message.split('\n')[0], 'mend it and try again')
  }
}

const allows = (more: string | undefined): string => (more === undefined ? '' : `; ${more} allows more`)
