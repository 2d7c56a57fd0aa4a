import { addDecimal } from '@contrail/contracts'
import type { EquityPoint } from '@contrail/contracts'
import type { Model } from './model.ts'

export type AccountFigures = {
  open: string | undefined
  realised: string | undefined
  fees: string | undefined
  equity: string | undefined
}

/**
 * All of one instant, so that they add up: equity = capital + realised + open, in the currency of the curve. Open profit
 * and equity are unknown as long as one open position has no price.
 */
export function accountOf({ positions, pnl }: Pick<Model, 'positions' | 'pnl'>, point?: EquityPoint): AccountFigures {
  if (!positions) return { open: undefined, realised: undefined, fees: undefined, equity: undefined }
  const group = pnl?.find(({ currency }) => currency === point?.currency) ?? pnl?.[0]
  const currency = group?.currency ?? point?.currency
  let [open, realised, fees]: [string | undefined, string, string] = ['0', '0', '0']
  for (const one of Object.values(positions)) {
    if (currency !== undefined && quoteOf(one.instrument) !== currency) continue
    open = open === undefined || one.unrealised === null ? undefined : addDecimal(open, one.unrealised)
    realised = addDecimal(realised, one.realised)
    fees = addDecimal(fees, one.fees)
  }
  const capital = group?.capital
  const equity =
    open === undefined || capital === undefined ? undefined : addDecimal(capital, addDecimal(realised, open))
  return { open, realised, fees, equity }
}

/** `BTC-USDT`, `BTC-USDT-PERP`. */
const quoteOf = (instrument: string): string | undefined => instrument.split('-')[1]
