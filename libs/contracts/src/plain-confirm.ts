import { DECIMAL_PATTERN } from './decimal.ts'
import { isTime } from './frame-views.ts'
import { ID_PATTERN, INSTRUMENT_PATTERN, STRATEGY_ID_PATTERN } from './ids.ts'
import { confirmSchema, EXECUTION_TYPES, fillSchema, ORDER_STATUSES, reasonSchema } from './messages/confirm.ts'
import type { Confirm } from './messages/confirm.ts'
import { ORDER_TYPES } from './messages/signal.ts'

/*
 * An execution report checked by hand: a strategy gets one for everything that becomes of its orders, and the schema takes
 * longer than all the rest of it. True only for what the schema would give back as it is, fields in its order.
 */
type Fields = Readonly<Record<string, unknown>>
type Check = (value: never) => boolean
type Field = { readonly name: string; readonly isOptional: boolean; readonly fits: Check }

const isText = (value: unknown): boolean => typeof value === 'string'
/** The same names come again and again: the one that was right is right. */
function known(pattern: RegExp): Check {
  let last = ''
  return (value: string) => {
    if (value === last) return true
    if (typeof value !== 'string' || !pattern.test(value)) return false
    last = value
    return true
  }
}
const matches =
  (pattern: RegExp): Check =>
  (value: string) =>
    typeof value === 'string' && pattern.test(value)
const oneOf =
  (all: readonly string[]): Check =>
  (value: string) =>
    all.includes(value)
const isDecimal = matches(DECIMAL_PATTERN)
const isPositive = (value: string): boolean => isDecimal(value as never) && value[0] !== '-' && /[1-9]/.test(value)
const isVenueName = (value: string): boolean => typeof value === 'string' && value.length > 0 && value.length <= 64
const isUs = (value: number): boolean => isTime(value)

const FILL = fieldsOf(fillSchema.shape, {
  tradeId: isVenueName,
  quantity: isPositive,
  price: isPositive,
  fee: isDecimal,
  feeAsset: isText,
  liquidity: oneOf(['maker', 'taker']),
  venueTimeUs: isUs,
})
const REASON = fieldsOf(reasonSchema.shape, { code: isText, text: isText })
const CONFIRM = fieldsOf(confirmSchema.shape, {
  schema: (value: unknown) => value === 1,
  reportId: isText,
  type: oneOf(EXECUTION_TYPES),
  tenant: known(ID_PATTERN),
  account: known(ID_PATTERN),
  strategy: known(STRATEGY_ID_PATTERN),
  orderId: matches(ID_PATTERN),
  clOrdId: matches(ID_PATTERN),
  venue: known(ID_PATTERN),
  instrument: known(INSTRUMENT_PATTERN),
  side: oneOf(['buy', 'sell']),
  orderType: oneOf(ORDER_TYPES),
  quantity: isPositive,
  price: isPositive,
  stopPrice: isPositive,
  status: oneOf(ORDER_STATUSES),
  cumQuantity: isDecimal,
  leavesQuantity: isDecimal,
  fill: (value: unknown) => fitsAll(value, FILL),
  reason: (value: unknown) => fitsAll(value, REASON),
  atUs: isUs,
  venueOrderId: isVenueName,
})

function fieldsOf(
  shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>>,
  checks: Readonly<Record<string, Check>>,
): Field[] {
  return Object.entries(shape).map(([name, schema]) => {
    const fits = checks[name]
    if (!fits) throw new Error(`no check of ${name}`)
    return { name, isOptional: schema.safeParse(undefined).success, fits }
  })
}

/** Every field in its order and right, none that is not known. */
function fitsAll(value: unknown, fields: readonly Field[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  let at = 0
  for (const name in value) {
    while (at < fields.length && fields[at]!.name !== name) if (!fields[at++]!.isOptional) return false
    if (at === fields.length) return false
    if (!fields[at++]!.fits((value as Fields)[name] as never)) return false
  }
  for (; at < fields.length; at++) if (!fields[at]!.isOptional) return false
  return true
}

export const isPlainConfirm = (value: unknown): value is Confirm => fitsAll(value, CONFIRM)
