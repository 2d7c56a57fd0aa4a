import os from 'node:os'
import type { Worker } from 'node:worker_threads'

/*
 * How much memory the code of an author may hold. V8 ends the whole process where a thread comes too near to the limit of its
 * heap, so that limit lies well above the budget, and the thread is looked at from outside: its heap and its typed arrays.
 */
const MEMORY_MB_MAX = 4_096
const MEMORY_MB_MIN = 256
export const LOOK_MS = 250
export const GROWS = 'look for a list, map or text that only grows, or run a shorter period'
const MB = 2 ** 20
/** V8 lets a heap grow half the way to its limit before it collects: what passes a large budget is in use, three parts of four. */
const HEADROOM = 1.25
/** For what is allocated between two looks, where the budget is small. */
const HEADROOM_MB = 64

/** Half of this machine, or of what a container may have of it, for all threads together. */
export function memoryBudgetMb(threads = 1): number {
  const bytes = Math.min(os.totalmem(), process.constrainedMemory() || Infinity)
  return Math.min(MEMORY_MB_MAX, Math.max(MEMORY_MB_MIN, Math.floor(bytes / MB / 2 / threads)))
}
export const limitsOf = (budgetMb: number): { maxOldGenerationSizeMb: number } => ({
  maxOldGenerationSizeMb: Math.ceil(budgetMb * HEADROOM) + HEADROOM_MB,
})

/** The budget that was passed, MB. A flag of the process may have set the thread a lower limit than we asked for. */
export async function passedMb(worker: Worker, budgetMb: number): Promise<number | undefined> {
  try {
    const { used_heap_size: heap, external_memory: arrays, heap_size_limit: limit } = await worker.getHeapStatistics()
    const mb = Math.min(budgetMb, Math.floor(limit / HEADROOM / MB))
    return (heap + arrays) / MB > mb ? mb : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_NOT_RUNNING') return undefined
    throw error
  }
}
export const ranOut = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
