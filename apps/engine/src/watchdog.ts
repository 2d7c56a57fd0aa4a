import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'

export type WatchedOf = { readonly strategy: string; readonly code: string; readonly revision: number }
/** What a handler that did not come back leaves behind, for the next life of this worker. */
export type Stuck = WatchedOf & { readonly detail: string }
/** One program under watch. A class of its own, because every input passes here. */
export class Watched {
  readonly #cells: Float64Array
  readonly #own: number
  /** Place of the input at hand, where one `enter` is for many, and their sequences: each of them has the whole budget. */
  readonly progress: Float64Array

  constructor(cells: Float64Array, progress: Float64Array, own: number) {
    this.#cells = cells
    this.progress = progress
    this.#own = own
  }

  /** An input of this stream is about to be applied, or without a sequence a run of them. */
  enter(stream: string, sequence = 0): void {
    const cells = this.#cells
    cells[2] = STREAMS.indexOf(stream as (typeof STREAMS)[number])
    cells[PLACE_CELL] = ALONE
    cells[SEQUENCES_CELL + ALONE] = sequence
    cells[1] = this.#own
    cells[0] = cells[0]! + 1
  }
  leave(): void {
    this.#cells[1] = 0
  }
}
/**
 * Cells shared with the thread that looks: number of the step or run, whose it is (0 = nobody's), stream, place in the run,
 * and the sequences of the run behind that of an input alone.
 */
export const PLACE_CELL = 3
export const SEQUENCES_CELL = PLACE_CELL + 2
const ALONE = -1
export const STREAMS = ['MD', 'TRADES', 'CONTROL'] as const
const THREAD = path.join(import.meta.dirname, 'watchdog-thread.ts')

/**
 * Author's code runs on this thread, so nothing on it can stop a handler that never returns. A thread beside it looks: a step
 * that takes longer than the budget, or half of the memory, is written down with its strategy and input, and this process is
 * ended. Whoever starts it again finds the strategy halted by name, and the others go on from their checkpoints.
 */
export class Watchdog {
  readonly #cells: Float64Array
  readonly #progress: Float64Array
  readonly #thread: Worker
  readonly folder: string
  #count = 0
  /** Who may have to be blamed, by its number. */
  readonly #known = new Map<number, WatchedOf>()

  /** A run has at most so many inputs. */
  constructor(folder: string, budgetMs: number, inputsMax: number) {
    this.#cells = new Float64Array(new SharedArrayBuffer((SEQUENCES_CELL + inputsMax) * 8))
    this.#progress = this.#cells.subarray(PLACE_CELL)
    this.folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const workerData = { cells: this.#cells, folder, budgetMs, heapBytesMax: getHeapStatistics().heap_size_limit }
    this.#thread = new Worker(THREAD, { workerData, env: {} })
    this.#thread.unref()
  }

  /** Of one program of a strategy; around each of its steps. */
  watch(of: WatchedOf): Watched {
    const own = ++this.#count
    this.#known.set(own, of)
    this.#thread.postMessage({ own, of })
    return new Watched(this.#cells, this.#progress, own)
  }

  /** Why this very version may not run: it did not come back, and nobody has asked for it again since. */
  async stuck(of: WatchedOf): Promise<string | undefined> {
    const file = stuckFile(this.folder, of.strategy)
    let found: Stuck
    try {
      found = JSON.parse(readFileSync(file, 'utf8')) as Stuck
    } catch {
      return undefined // there is none, which is usual
    }
    if (found.code === of.code && found.revision >= of.revision) return found.detail
    if (found.revision < of.revision) await rm(file, { force: true })
    return undefined
  }

  /** Every strategy of this code is halted in the next life of this worker. */
  blame(code: string, detail: string): string[] {
    const guilty = [...this.#known.values()].filter((of) => of.code === code)
    for (const of of guilty) this.#note(of, detail)
    return [...new Set(guilty.map(({ strategy }) => strategy))]
  }

  /** The strategy whose handler is running now, if one is. */
  blameRunning(detail: string): void {
    const running = this.#known.get(this.#cells[1]!)
    if (running) this.#note(running, detail)
  }

  #note(of: WatchedOf, detail: string): void {
    const stuck: Stuck = { ...of, detail: `${detail}; mend it and start it again` }
    writeFileSync(stuckFile(this.folder, of.strategy), JSON.stringify(stuck))
  }

  async stop(): Promise<void> {
    await this.#thread.terminate()
  }
}

export const stuckFile = (folder: string, strategy: string): string => path.join(folder, `stuck-${strategy}.json`)
