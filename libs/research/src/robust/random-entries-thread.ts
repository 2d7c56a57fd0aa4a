import { flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { profitsOf } from './random-entries.ts'
import type { Drawing } from './random-entries.ts'

const { drawing } = workerData as { readonly drawing: Drawing }
const profits = profitsOf(drawing)
parentPort?.postMessage(profits, [profits.buffer])
flushCompileCache()
