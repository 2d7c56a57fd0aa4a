import { existsSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { root } from './home.ts'

/** A strategy's file: a path, or a name in strategies/. Undefined for what may be an id or a built-in name. */
export function strategyFile(name: string): string | undefined {
  const places = [path.resolve(name), path.join(root, 'strategies', `${name}.ts`)]
  const found = places.find((place) => place.endsWith('.ts') && existsSync(place))
  if (!found && name.endsWith('.ts')) throw refuse('not_found', 'file', name, 'contrail new strategy NAME makes one')
  return found
}
