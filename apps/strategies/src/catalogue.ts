import { fileURLToPath } from 'node:url'
import { refuse } from '@contrail/contracts'
import { bundleModule } from '@contrail/runtime/bundle'
import type { Bundle } from '@contrail/runtime/bundle'
import { readFile } from 'node:fs/promises'
import { inspectStrategy } from './inspect.ts'

/** The worked strategies that come with the house. They are bundled and hashed like anybody's. */
const BUILT_IN = ['sma-cross', 'rsi-reversion', 'pair-spread'] as const

export type CatalogueEntry = {
  readonly definition: string
  readonly description: string
  readonly parametersSchema: Record<string, unknown>
  readonly source: string
  readonly bundle: Bundle
}
export type Catalogue = { list(): Promise<CatalogueEntry[]>; get(name: string): Promise<CatalogueEntry> }

/** Bundled when first asked for: a start does not wait for what nobody uses. */
export function builtInCatalogue(): Catalogue {
  const loaded = new Map<string, Promise<CatalogueEntry>>()
  const get = (name: string): Promise<CatalogueEntry> => {
    if (!(BUILT_IN as readonly string[]).includes(name))
      throw refuse('unknown_definition', 'definition', name, `choose one of ${BUILT_IN.join(', ')}, or send a bundle`)
    const known = loaded.get(name) ?? load(name)
    loaded.set(name, known)
    return known
  }
  return { get, list: () => Promise.all(BUILT_IN.map(get)) }
}

async function load(name: string): Promise<CatalogueEntry> {
  const file = fileURLToPath(import.meta.resolve(`@contrail/trading/strategies/${name}`))
  const [bundle, source] = await Promise.all([bundleModule(file), readFile(file, 'utf8')])
  const { description, parametersSchema } = await inspectStrategy(bundle.text, {})
  return { definition: name, description, parametersSchema, source, bundle }
}
