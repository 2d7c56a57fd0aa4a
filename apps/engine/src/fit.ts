import {
  check,
  DECIMAL_PATTERN,
  ID_PATTERN,
  INSTRUMENT_PATTERN,
  INTENTS_MAX,
  ORDER_TYPES,
  signalSchema,
  TIMES_IN_FORCE,
} from '@contrail/contracts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Refuses a message that the contract does not allow. The schema is the judge of everything unusual; a decision that is
 * plainly right is let through by looking, which takes a tenth of the time between a tick and its signal.
 */
export function signalCheck(): (message: unknown) => void {
  let head: Fields | undefined
  return (message) => {
    if (head && isPlainlyFit(message as Fields, head)) return
    const { tenant, account, strategy } = check(signalSchema, message, 'decision')
    head = { tenant, account, strategy }
  }
}

/** Never says yes where the schema says no. `head`: what the schema has found right before. */
export function isPlainlyFit(message: Fields, head: Fields): boolean {
  const { schema, kind, tenant, account, strategy, epoch, number, cause, trail, atUs, reasons, intents } = message
  if (schema !== 1 || kind !== 'decision' || Object.keys(message).length !== 12) return false
  if (tenant !== head['tenant'] || account !== head['account'] || strategy !== head['strategy']) return false
  if (!isCount(epoch) || epoch === 0 || !isCount(number) || !isCount(atUs)) return false
  if (!isCause(cause) || !isListOf(trail, isRun)) return false
  if (!isMap(reasons) || !Object.values(reasons).every(isNote)) return false
  return isListOf(intents, isIntent) && (intents as unknown[]).length <= INTENTS_MAX
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** `every` passes over holes, which JSON would write as null. */
function isListOf(list: unknown, isRight: Look): boolean {
  if (!Array.isArray(list)) return false
  for (const item of list as unknown[]) if (!isRight(item)) return false
  return true
}

function isCause(value: unknown): boolean {
  if (!isMap(value) || Object.keys(value).length !== 3) return false
  const { stream, sequence, subject } = value
  return typeof stream === 'string' && typeof subject === 'string' && isCount(sequence) && sequence > 0
}

const isRun = (run: unknown): boolean =>
  Array.isArray(run) && run.length === 2 && typeof run[0] === 'string' && isCount(run[1])

const isNote = (value: unknown): boolean =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)

/** By hand and field by field: it runs once in a while, when a table of rules would be cold. */
function isIntent(intent: unknown): boolean {
  if (!isMap(intent) || !isId(intent['orderId'])) return false
  const { type, price, stopPrice, quantity } = intent
  let fields = 2
  if (type === 'place') {
    if (!isPlace(intent)) return false
    fields = 10
  } else if (type === 'amend') {
    if (quantity !== undefined) fields += isPositive(quantity) ? 1 : MISFIT
  } else return type === 'cancel' && Object.keys(intent).length === fields
  if (price !== undefined) fields += isPositive(price) ? 1 : MISFIT
  if (stopPrice !== undefined) fields += isPositive(stopPrice) ? 1 : MISFIT
  // A tag or a time of expiry is for the schema.
  return Object.keys(intent).length === fields
}

function isPlace(intent: Fields): boolean {
  const { venue, instrument, side, quantity, orderType, timeInForce, postOnly, reduceOnly } = intent
  return (
    isId(venue) &&
    typeof instrument === 'string' &&
    INSTRUMENT_PATTERN.test(instrument) &&
    (side === 'buy' || side === 'sell') &&
    isPositive(quantity) &&
    (ORDER_TYPES as readonly unknown[]).includes(orderType) &&
    (TIMES_IN_FORCE as readonly unknown[]).includes(timeInForce) &&
    typeof postOnly === 'boolean' &&
    typeof reduceOnly === 'boolean'
  )
}

/** No intent has so many fields less. */
const MISFIT = -1_000

type Look = (value: unknown) => boolean
const isId: Look = (value) => typeof value === 'string' && ID_PATTERN.test(value)
const isPositive: Look = (value) =>
  typeof value === 'string' && DECIMAL_PATTERN.test(value) && /[1-9]/.test(value) && !value.startsWith('-')
