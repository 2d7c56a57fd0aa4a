import { decimalOf, multiplyDecimal, subtractDecimal } from '@contrail/contracts'
import type { PositionValue, PositionView } from '@contrail/contracts'

/** The position as seen at the last trade: exact decimals, `null` while there is no price. */
export function valueOf(position: PositionValue, price: number | undefined): PositionView {
  const mark = price === undefined ? null : decimalOf(price)
  const flat = !/[1-9]/.test(position.quantity)
  const unrealised = flat
    ? '0'
    : mark === null
      ? null
      : multiplyDecimal(subtractDecimal(mark, position.averagePrice), position.quantity)
  const { account, strategy, venue, instrument, quantity, averagePrice, realised, fees, fills, atUs } = position
  return {
    account,
    strategy,
    venue,
    instrument,
    quantity,
    averagePrice,
    mark,
    realised,
    unrealised,
    fees,
    fills,
    atUs,
  }
}
