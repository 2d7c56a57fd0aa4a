import { Worker } from 'node:worker_threads'
import { refuse } from '@contrail/contracts'
import { partsOf } from './shared.ts'

/** Longest that a module may take to load and answer, ms. */
const INSPECT_MS_MAX = 10_000
const INSPECT_MEMORY_MB = 256

/** Loads the shared part before it is asked anything; each thread answers once. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads')
  const urlOf = (text) => 'data:text/javascript;base64,' + Buffer.from(text).toString('base64')
  const ready = workerData.shared === '' ? Promise.resolve()
    : import(urlOf(workerData.shared + '\\nexport{$shared}')).then((module) => { globalThis.$shared = module.$shared })
  parentPort.once('message', ({ text, probe, question }) =>
    ready.then(() => import(urlOf(text))).then((module) => (0, eval)('(' + probe + ')')(module, question)).then(
      (answer) => parentPort.postMessage({ answer }),
      (error) => parentPort.postMessage({ error: String(error && error.message || error) }),
    ))`

/** A thread that has loaded this shared part and waits for its bundle: the next one does not wait for it. */
let spare: { readonly shared: string; readonly worker: Worker } | undefined

function take(shared: string): Worker {
  const ready = spare?.shared === shared ? spare.worker : undefined
  if (ready) spare = undefined
  return ready ?? spawn(shared)
}

function keepSpare(shared: string): void {
  if (shared === '' || spare?.shared === shared) return
  void spare?.worker.terminate()
  const worker = spawn(shared)
  worker.unref()
  // It is asked nothing yet: what is wrong with it shows when it is.
  worker.once('error', () => (spare = spare?.worker === worker ? undefined : spare))
  spare = { shared, worker }
}

const spawn = (shared: string): Worker =>
  new Worker(THREAD, {
    eval: true,
    workerData: { shared },
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: INSPECT_MEMORY_MB },
  })

/**
 * Loads a bundle in a thread of its own with a memory and time limit, asks `probe` about its default export and gives
 * back what it answered. `probe` is the text of a function `(module, question) => answer`.
 */
export async function inspectBundle<T>(bundleText: string, probe: string, question: unknown): Promise<T> {
  const parts = partsOf(bundleText)
  const worker = take(parts?.shared ?? '')
  worker.ref()
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      void worker.terminate()
      reject(refuse('too_slow', 'module', `${INSPECT_MS_MAX} ms`, 'a module may only define things when it is loaded'))
    }, INSPECT_MS_MAX)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      act()
      void worker.terminate()
      keepSpare(parts?.shared ?? '')
    }
    worker.once('message', (message: { answer?: T; error?: string }) =>
      settle(() =>
        message.error === undefined
          ? resolve(message.answer as T)
          : reject(refuse('module_failed', 'module', message.error, 'export default defineStrategy({ ... })')),
      ),
    )
    worker.once('error', (error) =>
      settle(() => reject(refuse('module_failed', 'module', error.message, 'it must load within its limits'))),
    )
    worker.postMessage({ text: parts?.author ?? bundleText, probe, question })
  })
}
