import { refuse } from '@contrail/contracts'
import type { StrategyDefinition } from '@contrail/trading'

export const definitionOf = (code: string): Promise<StrategyDefinition> =>
  definitionAt(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)

export async function definitionAt(url: string): Promise<StrategyDefinition> {
  const module = (await import(url)) as { default?: StrategyDefinition }
  const definition = module.default
  if (!definition || typeof definition.inputs !== 'function' || typeof definition.state !== 'function')
    throw refuse('no_strategy', 'default export', typeof definition, 'export default defineStrategy({ ... })')
  return definition
}
