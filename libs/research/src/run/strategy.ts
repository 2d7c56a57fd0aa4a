import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { refuse } from '@contrail/contracts'
import { bundleModule } from '@contrail/runtime/bundle'
import type { StrategyDefinition } from '@contrail/trading'
import { definitionOf } from './definition.ts'

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
  const { text, sha256 } = await bundleModule(strategyFile(strategy, folder))
  return { source: strategy, code: text, codeSha256: sha256 }
}

function strategyFile(strategy: string, folder: string): string {
  const places = [path.resolve(strategy), path.resolve(folder, `${strategy}.ts`)]
  const found = places.find((place) => /\.(ts|js|mjs)$/.test(place) && existsSync(place))
  if (found) return found
  if ((BUILT_IN_STRATEGIES as readonly string[]).includes(strategy))
    return fileURLToPath(import.meta.resolve(`@contrail/trading/strategies/${strategy}`))
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
