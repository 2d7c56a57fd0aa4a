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

function isIntent(intent: unknown): boolean {
  if (!isMap(intent)) return false
  const looks = LOOKS.get(intent['type'])
  if (!looks) return false
  for (const [field, isRight] of looks.wanted) if (!isRight(intent[field])) return false
  for (const field in intent) {
    const optional = looks.optional.get(field)
    if (optional ? !optional(intent[field]) : !looks.wanted.has(field)) return false
  }
  return true
}

type Look = (value: unknown) => boolean
const matches =
  (pattern: RegExp): Look =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const oneOf =
  (values: readonly string[]): Look =>
  (value) =>
    values.includes(value as string)
const isText: Look = (value) => typeof value === 'string'
const isFlag: Look = (value) => typeof value === 'boolean'
const isId = matches(ID_PATTERN)
const isPositive: Look = (value) =>
  typeof value === 'string' && DECIMAL_PATTERN.test(value) && /[1-9]/.test(value) && !value.startsWith('-')

type IntentLook = { readonly wanted: ReadonlyMap<string, Look>; readonly optional: ReadonlyMap<string, Look> }
const look = (wanted: Record<string, Look>, optional: Record<string, Look> = {}): IntentLook => ({
  wanted: new Map(Object.entries({ type: isText, orderId: isId, ...wanted })),
  optional: new Map(Object.entries(optional)),
})

/** A tag or a time of expiry is for the schema. */
const LOOKS: ReadonlyMap<unknown, IntentLook> = new Map([
  [
    'place',
    look(
      {
        venue: isId,
        instrument: matches(INSTRUMENT_PATTERN),
        side: oneOf(['buy', 'sell']),
        quantity: isPositive,
        orderType: oneOf(ORDER_TYPES),
        timeInForce: oneOf(TIMES_IN_FORCE),
        postOnly: isFlag,
        reduceOnly: isFlag,
      },
      { price: isPositive, stopPrice: isPositive },
    ),
  ],
  ['cancel', look({})],
  ['amend', look({}, { quantity: isPositive, price: isPositive, stopPrice: isPositive })],
])
