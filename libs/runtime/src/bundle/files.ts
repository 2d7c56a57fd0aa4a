import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { OnResolveResult, Plugin } from 'esbuild'
import { COMMON, inputsOf, oneLocale } from './shared.ts'

/*
 * A program of the house in a few files instead of some hundred modules, which take longer to find and to load than many a
 * program runs. What it imports later stays a file of its own. It says and does what its sources do: it knows its places by
 * the paths of its sources.
 */
export type ProgramFiles = {
  readonly entry: string
  readonly files: readonly { readonly name: string; readonly text: string }[]
  /** What they were made from. */
  readonly inputs: readonly string[]
}
const root = path.resolve(import.meta.dirname, '../../../..')

export async function bundleFiles(entry: string): Promise<ProgramFiles> {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    outdir: 'out',
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    ...COMMON,
    splitting: true,
    metafile: true,
    format: 'esm',
    plugins: [oneLocale, ownModules, ownPlaces],
  })
  const { outputFiles, metafile } = result
  const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === path.relative(root, entry))
  if (!found) throw new Error(`nothing was made of ${entry}`)
  return {
    entry: path.basename(found[0]),
    files: outputFiles.map((file) => ({ name: path.basename(file.path), text: file.text })),
    inputs: [...inputsOf(result, root), import.meta.filename],
  }
}

/** Packages that go in with the house: each command needs them. Larger ones are loaded from where they are installed. */
const WITHIN = /^(zod|citty)($|\/)/
const SEEN = 'seen'

/** The libraries do nothing when they are loaded, so that of `@contrail/contracts` only what is used goes in. */
const ownModules: Plugin = {
  name: 'own-modules',
  setup(plugin) {
    plugin.onResolve(
      { filter: /.*/ },
      async ({ path: name, pluginData, ...from }): Promise<OnResolveResult | undefined> => {
        if (pluginData === SEEN || from.kind === 'entry-point' || isBuiltin(name)) return undefined
        const found = await plugin.resolve(name, { ...from, pluginData: SEEN })
        if (found.errors.length > 0 || found.external) return found
        const isOurs = /^(\.|@contrail\/)/.test(name)
        if (isOurs) return { ...found, sideEffects: from.importer.includes('node_modules') && found.sideEffects }
        if (WITHIN.test(name)) return found
        return { path: pathToFileURL(found.path).href, namespace: 'installed', external: true }
      },
    )
  },
}

/** Where a module lies is written into it. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup(plugin) {
    plugin.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const text = readFileSync(file, 'utf8')
      if (!text.includes('import.meta')) return undefined
      const places: Readonly<Record<string, string>> = {
        dirname: path.dirname(file),
        filename: file,
        url: pathToFileURL(file).href,
      }
      const contents = text.replace(/\bimport\.meta\.(\w+)/g, (_, name: string) => {
        if (!(name in places)) throw new Error(`${file} asks for import.meta.${name}, which a bundle does not have`)
        return JSON.stringify(places[name])
      })
      return { contents, loader: 'ts' }
    })
  },
}
