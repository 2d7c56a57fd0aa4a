import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import type { StrategyDefinition } from '@contrail/trading'
import { definitionOf } from './definition.ts'
import { areWhole, keep, made } from './made.ts'

/** The worked strategies that come with the house. */
export const BUILT_IN_STRATEGIES = ['sma-cross', 'rsi-reversion', 'pair-spread'] as const

export type StrategyCode = {
  /** File as it was asked for, or the built-in name. */
  readonly source: string
  readonly code: string
  readonly codeSha256: string
}

/** A file, a file of the folder `strategies/`, or a built-in name; bundled, so that the hash covers all that decides. */
export async function bundleStrategy(strategy: string, folder = 'strategies'): Promise<StrategyCode> {
  const entry = strategyFile(strategy, folder)
  const { bundleModule } = await import('@contrail/runtime/bundle')
  const { text, sha256 } = await bundleModule(entry)
  return { source: strategy, code: text, codeSha256: sha256 }
}

/** The same as files to load: the bundle in two parts, and the thread that runs it, which shares the first of them with it. */
export type PreparedCode = {
  readonly source: string
  readonly codeSha256: string
  readonly module: string
  readonly program: string
  /** Where V8 keeps what it has compiled. */
  readonly compiled: string
}
type KeptCode = {
  readonly codeSha256: string
  readonly module: string
  readonly program: string
  /** SHA-256 of each file. */
  readonly sums: Readonly<Record<string, string>>
}

/** Made once, and again when a file of it has changed. `cache`: a folder that is nobody else's, because what is in it is run. */
export async function prepareStrategy(strategy: string, cache: string, folder = 'strategies'): Promise<PreparedCode> {
  const entry = strategyFile(strategy, folder)
  const { codeSha256, module, program } = await made(
    cache,
    ['strategy', entry],
    () => makeCode(entry, cache),
    ({ sums }) => areWhole(cache, sums),
  )
  const compiled = path.join(cache, 'v8')
  return {
    source: strategy,
    codeSha256,
    module: path.join(cache, module),
    program: path.join(cache, program),
    compiled,
  }
}

async function makeCode(entry: string, cache: string): Promise<{ value: KeptCode; inputs: readonly string[] }> {
  const { bundleProgram, bundleWithInputs, linesBefore, partsOf, sha256Of, sharedText } =
    await import('@contrail/runtime/bundle')
  const { text, sha256, inputs } = await bundleWithInputs(entry)
  const thread = await bundleProgram(path.join(import.meta.dirname, 'thread.ts'))
  const own = await sharedText()
  const sums: Record<string, string> = {}
  const put = (name: string, content: string): string => {
    const file = `${name}-${sha256Of(content).slice(0, 32)}.bundle.mjs`
    keep(cache, file, content)
    sums[file] = sha256Of(content)
    return file
  }
  const importOf = (shared: string): string => `import{$shared}from"./${put('shared', `${shared}\nexport{$shared}`)}"`
  const parts = partsOf(text)
  const module = put(
    'strategy',
    // Its lines stay where its map says that they are.
    parts ? `${importOf(parts.shared)}${'\n'.repeat(linesBefore(parts.shared))}${parts.author}` : text,
  )
  const program = put('thread', `${importOf(own)}\n${thread.text}`)
  return { value: { codeSha256: sha256, module, program, sums }, inputs: [...new Set([...inputs, ...thread.inputs])] }
}

export function strategyFile(strategy: string, folder = 'strategies'): string {
  const places = [path.resolve(strategy), path.resolve(folder, `${strategy}.ts`)]
  const found = places.find((place) => /\.(ts|js|mjs)$/.test(place) && existsSync(place))
  if (found) return found
  if ((BUILT_IN_STRATEGIES as readonly string[]).includes(strategy))
    return createRequire(import.meta.url).resolve(`@contrail/trading/strategies/${strategy}`)
  const mend = `name a file (${path.join(folder, 'NAME.ts')}) or one of ${BUILT_IN_STRATEGIES.join(', ')}`
  throw refuse('unknown_strategy', 'strategy', strategy, mend)
}

/** The definition in this thread: its module is run here, so only for code that is trusted not to hang. */
export async function loadStrategy(
  strategy: string,
  folder?: string,
): Promise<StrategyCode & { definition: StrategyDefinition; codeHash: string }> {
  const code = await bundleStrategy(strategy, folder)
  return { ...code, codeHash: code.codeSha256, definition: await definitionOf(code.code) }
}
