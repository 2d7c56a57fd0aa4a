import { parentPort, workerData } from 'node:worker_threads'
import { beat, leave, pulseOf, watched } from '../run/watch.ts'
import { evaluate, loadSetup } from './evaluate.ts'
import type { TrialSetup, TrialWindow } from './evaluate.ts'
import type { ParameterSet } from './space.ts'

export type TrialThreadData = {
  readonly setup: TrialSetup
  /** Of its pulse. */
  readonly memory: SharedArrayBuffer
  /** Each call of a handler is marked there, not only that the run goes on. */
  readonly isWatched: boolean
}

/** One thread of the pool: answers a set of parameters with its outcome, one after another. */
const { setup, memory, isWatched } = workerData as TrialThreadData
const pulse = pulseOf(memory)
const plain = await loadSetup(setup)
const loaded = isWatched ? { ...plain, definition: watched(plain.definition, pulse) } : plain
parentPort?.on('message', ({ point, window }: { point: ParameterSet; window?: TrialWindow }) => {
  const outcome = evaluate(loaded, point, window, () => beat(pulse))
  leave(pulse)
  parentPort?.postMessage(outcome)
})
parentPort?.postMessage('ready')
