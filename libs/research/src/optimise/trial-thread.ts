import { parentPort, workerData } from 'node:worker_threads'
import { evaluate, loadSetup } from './evaluate.ts'
import type { TrialSetup, TrialWindow } from './evaluate.ts'
import type { ParameterSet } from './space.ts'

/** One thread of the pool: answers a set of parameters with its outcome, one after another. */
const loaded = await loadSetup(workerData as TrialSetup)
parentPort?.on('message', ({ point, window }: { point: ParameterSet; window?: TrialWindow }) => {
  parentPort?.postMessage(evaluate(loaded, point, window))
})
parentPort?.postMessage('ready')
