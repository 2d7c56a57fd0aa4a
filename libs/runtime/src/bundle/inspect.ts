import { Worker } from 'node:worker_threads'
import { refuse } from '@contrail/contracts'

/** Longest that a module may take to load and answer, ms. */
const INSPECT_MS_MAX = 10_000
const INSPECT_MEMORY_MB = 256

/**
 * Loads a bundle in a thread of its own with a memory and time limit, asks `probe` about its default export and gives
 * back what it answered. `probe` is the text of a function `(module, question) => answer`.
 */
export async function inspectBundle<T>(bundleText: string, probe: string, question: unknown): Promise<T> {
  const url = `data:text/javascript;base64,${Buffer.from(bundleText).toString('base64')}`
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.url).then((module) => (${probe})(module, workerData.question)).then(
      (answer) => parentPort.postMessage({ answer }),
      (error) => parentPort.postMessage({ error: String(error && error.message || error) }),
    )`
  const worker = new Worker(code, {
    eval: true,
    workerData: { url, question },
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: INSPECT_MEMORY_MB },
  })
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      void worker.terminate()
      reject(refuse('too_slow', 'module', `${INSPECT_MS_MAX} ms`, 'a module may only define things when it is loaded'))
    }, INSPECT_MS_MAX)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      act()
      void worker.terminate()
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
  })
}
