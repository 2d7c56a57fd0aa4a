import { createHash } from 'node:crypto'
import { createRequire, isBuiltin } from 'node:module'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { build, context } from 'esbuild'
import type { BuildFailure, BuildOptions, BuildResult } from 'esbuild'
import { COMMON, fromShared, inputsOf, linesBefore, oneLocale, sharedPart, sharedText, wholeOf } from './shared.ts'
import { attachMap } from './source-map.ts'

export { bundleFiles } from './files.ts'
export type { ProgramFiles } from './files.ts'
export { inspectBundle } from './inspect.ts'
export { linesBefore, partsOf, sharedText, wholeOf } from './shared.ts'
export { getBundle, putBundle, thicken, thinOf } from './store.ts'
export type { Parts } from './shared.ts'

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
  const result = await build(optionsOf(entry)).catch((error: BuildFailure) => {
    throw refusalOf(error, entry)
  })
  return await bundleOf(result)
}

/** What makes bundles of files. */
const MAKERS = [
  ...['bundle.ts', 'shared.ts', 'source-map.ts'].map((name) => path.join(import.meta.dirname, name)),
  createRequire(import.meta.url).resolve('esbuild/package.json'),
]

/** With the files that it was made from, packages and the house included. */
export async function bundleWithInputs(entry: string): Promise<Bundle & { readonly inputs: readonly string[] }> {
  const result = await build({ ...optionsOf(entry), metafile: true }).catch((error: BuildFailure) => {
    throw refusalOf(error, entry)
  })
  const own = inputsOf(result, path.dirname(path.resolve(entry)))
  const isSharing = own.length < Object.keys(result.metafile.inputs).length
  const shared = isSharing ? (await sharedPart()).inputs : []
  return { ...(await bundleOf(result)), inputs: [...own, ...shared, ...MAKERS] }
}

/** A program of the house for a thread that also loads the shared part: it says `$shared` for what is in there. */
export async function bundleProgram(
  entry: string,
): Promise<{ readonly text: string; readonly inputs: readonly string[] }> {
  const { sourcemap: _, outdir: __, ...options } = optionsOf(entry)
  const result = await build({ ...options, metafile: true, plugins: [oneLocale, fromShared()] })
  const inputs = inputsOf(result, path.dirname(path.resolve(entry)))
  return { text: result.outputFiles[0]?.text ?? '', inputs: [...inputs, ...(await sharedPart()).inputs, ...MAKERS] }
}

export type Bundler = {
  /** The bundle as the files are now, and which files of the author's it is made from. */
  build(): Promise<Bundle & { readonly files: readonly string[] }>
  close(): Promise<void>
}

/** For one who bundles the same module again and again: what has not changed is not read and parsed again. */
export async function openBundler(entry: string): Promise<Bundler> {
  const folder = path.dirname(path.resolve(entry))
  const again = await context({ ...optionsOf(entry), metafile: true })
  return {
    async build() {
      const result = await again.rebuild().catch((error: BuildFailure) => {
        throw refusalOf(error, entry)
      })
      const inputs = Object.keys(result.metafile?.inputs ?? {}).filter((file) => isAuthors(file))
      return { ...(await bundleOf(result)), files: inputs.map((file) => path.resolve(folder, file)) }
    },
    close: () => again.dispose(),
  }
}

const optionsOf = (entry: string): BuildOptions & { write: false } => ({
  entryPoints: [path.resolve(entry)],
  absWorkingDir: path.dirname(path.resolve(entry)),
  // Names the outputs only: nothing is written.
  outdir: '.',
  // A strategy may lie anywhere; what it imports of the house is found here.
  nodePaths: [path.resolve(import.meta.dirname, '../../../../node_modules')],
  ...COMMON,
  format: 'esm',
  sourcemap: 'external',
  sourcesContent: false,
  // Where a strategy may not go: it would decide on something that nobody recorded.
  plugins: [
    oneLocale,
    fromShared(),
    {
      name: 'no-platform-modules',
      setup(plugin) {
        plugin.onResolve({ filter: /^[a-z][a-z_0-9]*(:|\/|$)/ }, ({ path: name }) =>
          isBuiltin(name)
            ? { errors: [{ text: `imports ${name}; a strategy decides on its inputs alone` }] }
            : undefined,
        )
      },
    },
  ],
})

async function bundleOf(result: BuildResult): Promise<Bundle> {
  const file = (end: string) => result.outputFiles?.find((one) => one.path.endsWith(end))?.text ?? ''
  const author = file('.js')
  const shared = author.includes('$shared.') ? await sharedText() : undefined
  const above = shared === undefined ? 0 : linesBefore(shared)
  const own = attachMap(author, file('.map'), isAuthors, above)
  const text = shared === undefined ? own : wholeOf(shared, own)
  if (text.length > BUNDLE_BYTES_MAX)
    throw refuse('too_large', 'bundle', `${text.length} bytes`, `keep it below ${BUNDLE_BYTES_MAX} bytes`)
  return { text, sha256: sha256Of(text) }
}

/** A file of the strategy's author: not of a package, not of the house. */
const isAuthors = (file: string): boolean => !/^shared:|(^|\/)node_modules\/|(^|\/)libs\/[a-z]+\/src\//.test(file)

function refusalOf(error: BuildFailure, entry: string) {
  const first = error.errors?.[0]
  const place = first?.location ? `${first.location.file}:${first.location.line}` : path.basename(entry)
  return refuse('does_not_compile', place, first?.text ?? String(error), 'mend the line and try again')
}
