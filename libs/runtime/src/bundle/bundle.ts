import { createHash } from 'node:crypto'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { refuse } from '@contrail/contracts'
import { build } from 'esbuild'
import type { BuildFailure } from 'esbuild'

/** One self-contained ES module: what a worker loads, and what its hash names. */
export type Bundle = { readonly text: string; readonly sha256: string }

/** Largest bundle that is taken, bytes. */
export const BUNDLE_BYTES_MAX = 4_000_000

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Everything the module imports goes into the bundle, so that the hash covers all the code that decides. Paths are
 * taken out: the same source gives the same hash on every machine.
 */
export async function bundleModule(entry: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: path.dirname(path.resolve(entry)),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    // Where a strategy may not go: it would decide on something that nobody recorded.
    plugins: [
      {
        name: 'no-platform-modules',
        setup(plugin) {
          plugin.onResolve(
            { filter: /^node:|^(fs|net|http|https|child_process|worker_threads|crypto|os|dgram|tls)$/ },
            (found) => ({
              errors: [{ text: `imports ${found.path}; a strategy decides on its inputs alone` }],
            }),
          )
        },
      },
    ],
  }).catch((error: BuildFailure) => {
    const first = error.errors?.[0]
    const place = first?.location ? `${first.location.file}:${first.location.line}` : entry
    throw refuse('does_not_compile', place, first?.text ?? String(error), 'mend the line and try again')
  })
  const text = (result.outputFiles[0]?.text ?? '').replace(/^\s*\/\/ .*\.(ts|js|mjs|cjs)$\n/gm, '')
  if (text.length > BUNDLE_BYTES_MAX)
    throw refuse('too_large', 'bundle', `${text.length} bytes`, `keep it below ${BUNDLE_BYTES_MAX} bytes`)
  return { text, sha256: sha256Of(text) }
}

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
