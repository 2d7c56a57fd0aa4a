import { Refusal } from '@contrail/contracts'
import type { StrategyView } from '@contrail/contracts'

type Parameters = Record<string, unknown>

/** What somebody has chosen for a strategy: its parameters that are not what its code says by itself. */
export function chosenOf({ parameters, parametersSchema }: StrategyView): Parameters {
  const { properties } = parametersSchema as { properties?: Record<string, { default?: unknown } | undefined> }
  const isChosen = ([name, value]: [string, unknown]): boolean =>
    JSON.stringify(value) !== JSON.stringify(properties?.[name]?.default)
  return Object.fromEntries(Object.entries(parameters as Parameters).filter(isChosen))
}

/**
 * A new version goes on with what was chosen for the one before; what is given now comes first. A name that the new code
 * has no more is left.
 */
export async function withChosen<T>(
  chosen: Parameters,
  given: Parameters,
  send: (all: Parameters) => Promise<T>,
): Promise<T> {
  const kept = { ...chosen }
  for (;;)
    try {
      return await send({ ...kept, ...given })
    } catch (error) {
      const name =
        error instanceof Refusal && error.code === 'unknown_parameter' ? error.field.split('.').at(-1) : undefined
      if (name === undefined || !(name in kept) || name in given) throw error
      delete kept[name]
    }
}
