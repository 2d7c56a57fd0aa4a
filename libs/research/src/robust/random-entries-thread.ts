import { parentPort, workerData } from 'node:worker_threads'
import { profitsOf } from './random-entries.ts'
import type { Drawing } from './random-entries.ts'

const profits = profitsOf(workerData as Drawing)
parentPort?.postMessage(profits, [profits.buffer])
