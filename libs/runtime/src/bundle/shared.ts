import { createHash } from 'node:crypto'
import path from 'node:path'
import { build } from 'esbuild'
import type { BuildOptions, BuildResult, Plugin } from 'esbuild'

/*
 * What nearly every strategy imports is one and the same text at the beginning of its bundle. A bundle stays whole, and
 * its hash covers all of it; but who has to load many of them, or one again and again, loads this part once.
 */
const SHARED = ['zod', '@contrail/contracts', '@contrail/trading']
const BEGIN = 'var $shared='
const MARK = '\n//#author\n'
const root = path.resolve(import.meta.dirname, '../../../..')

export type Parts = { readonly shared: string; readonly sharedHash: string; readonly author: string }

/** The two parts of a bundle, or undefined for one that shares nothing. */
export function partsOf(text: string): Parts | undefined {
  const end = text.startsWith(BEGIN) ? text.indexOf(MARK) : -1
  if (end < 0) return undefined
  const shared = text.slice(0, end)
  return { shared, sharedHash: hashOf(shared), author: text.slice(end + MARK.length) }
}

export const wholeOf = (shared: string, author: string): string => `${shared}${MARK}${author}`
/** Lines before the author's: what a source map has to count. */
export const linesBefore = (shared: string): number => wholeOf(shared, '').split('\n').length - 1

/** Of everything that is put together here. */
export const COMMON = {
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node24',
  charset: 'utf8',
  legalComments: 'none',
  minifyWhitespace: true,
  logLevel: 'silent',
} as const satisfies BuildOptions

type Made = { readonly text: string; readonly inputs: readonly string[] }
let building: Promise<Made> | undefined
/** The text of the shared part, made once per process. */
export const sharedText = async (): Promise<string> => (await sharedPart()).text

/** With the files that it is made from. */
export function sharedPart(): Promise<Made> {
  building ??= make()
  building.catch(() => (building = undefined))
  return building
}

async function make(): Promise<Made> {
  const contents = SHARED.map((name, index) => `export * as m${index} from ${JSON.stringify(name)}`).join('\n')
  const result = await build({
    stdin: { contents, resolveDir: root, loader: 'js' },
    // Names of CommonJS modules are written down as seen from here: the same wherever the process was started.
    absWorkingDir: root,
    nodePaths: [path.join(root, 'node_modules')],
    ...COMMON,
    metafile: true,
    format: 'iife',
    globalName: '$shared',
    plugins: [oneLocale],
  })
  const text = (result.outputFiles[0]?.text ?? '').trimEnd()
  hashOf(text)
  return { text, inputs: inputsOf(result, root) }
}

/** The files that something was made from. */
export const inputsOf = ({ metafile }: BuildResult, folder: string): string[] =>
  Object.keys(metafile?.inputs ?? {})
    .filter((file) => !/^(shared:|<)/.test(file))
    .map((file) => path.resolve(folder, file))

/** Half of a bundle would be refusals in languages that nobody has asked for. */
export const oneLocale: Plugin = {
  name: 'one-locale',
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: ['export { default as en } from', '"./en.js"'].join(' '),
    }))
  },
}

/** Imports of the shared modules are taken from the shared part. */
export const fromShared = (): Plugin => ({
  name: 'from-shared',
  setup(plugin) {
    plugin.onResolve({ filter: new RegExp(`^(${SHARED.join('|').replaceAll('/', '\\/')})$`) }, ({ path: name }) => ({
      path: name,
      namespace: 'shared',
    }))
    plugin.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path: name }) => ({
      contents: `module.exports = $shared.m${SHARED.indexOf(name)}`,
      loader: 'js',
    }))
  },
})

/** A shared part that this process has seen, by its hash. */
export function sharedOf(hash: string): string | undefined {
  for (const [shared, its] of hashes) if (its === hash) return shared
  return undefined
}

const hashes = new Map<string, string>()
/** There are one or two shared parts in a process; they are long. */
function hashOf(shared: string): string {
  const known = hashes.get(shared)
  if (known !== undefined) return known
  if (hashes.size > 8) hashes.clear()
  const hash = createHash('sha256').update(shared).digest('hex')
  hashes.set(shared, hash)
  return hash
}
