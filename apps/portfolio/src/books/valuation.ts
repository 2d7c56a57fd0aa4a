import { fromFixed, toFixed, unrealisedOf } from '@contrail/trading'
import type { Fixed } from '@contrail/trading'
import { stateOf } from './positions.ts'
import type { PositionRow } from './positions.ts'

export type Valued = { readonly unrealised: string | null; readonly worth: Fixed | undefined }

/** A flat position is worth nothing whatever the price; an open one without a mark is worth nobody knows what. */
export function valued(row: PositionRow, mark: string | undefined): Valued {
  const state = stateOf(row)
  if (state.quantity === 0n) return { unrealised: '0', worth: toFixed('0') }
  if (mark === undefined) return { unrealised: null, worth: undefined }
  const unrealised = unrealisedOf(state, mark)
  return { unrealised: fromFixed(unrealised), worth: (unrealised + state.cost) as Fixed }
}
