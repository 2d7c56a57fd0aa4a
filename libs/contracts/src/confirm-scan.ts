import { DECIMAL_PATTERN } from './decimal.ts'
import { isTime } from './frame-views.ts'
import { ID_PATTERN, INSTRUMENT_PATTERN, STRATEGY_ID_PATTERN } from './ids.ts'
import { EXECUTION_TYPES, ORDER_STATUSES } from './messages/confirm.ts'
import type { Confirm, Fill, Reason } from './messages/confirm.ts'
import { ORDER_TYPES } from './messages/signal.ts'

/*
 * An execution report read byte by byte: a strategy gets one for everything that becomes of its orders, and JSON.parse with
 * the schema takes longer than all the rest of it. Only what the service of orders writes is read so: fields in the order of
 * the schema, no space between them, plain ASCII without escapes, every value right. Undefined = the schema is to say.
 */
type Check = (text: string) => boolean

const oneOf = (all: readonly string[]): Check => {
  const known = new Set(all)
  return (text) => known.has(text)
}
const isText: Check = () => true
const isDecimal: Check = (text) => DECIMAL_PATTERN.test(text)
const isPositive: Check = (text) => isDecimal(text) && text[0] !== '-' && /[1-9]/.test(text)
const isVenueName: Check = (text) => text.length > 0 && text.length <= 64
const isId: Check = (text) => ID_PATTERN.test(text)

const QUOTE = 34
const BACKSLASH = 92
const ZERO = 48
/** Digits of a number that is surely exact. */
const DIGITS_MAX = 16

/** The report at hand. */
let bytes: Uint8Array = new Uint8Array(0)
let at = 0

/** Nothing is found from here on: the report begins with a brace, which is the beginning of no field. */
const lose = (): void => {
  at = 0
}

const encoder = new TextEncoder()
const OPEN = encoder.encode('{"schema":1')
const CLOSE = encoder.encode('}')

/** True, and `at` is behind it, where this text comes next. */
function isNext(text: Uint8Array): boolean {
  const given = bytes
  const from = at
  const { length } = text
  for (let i = 0; i < length; i++) if (given[from + i] !== text[i]) return false
  at = from + length
  return true
}

/** A field of text. */
class TextField {
  readonly #name: Uint8Array
  readonly #fits: Check
  /** Mostly it has the value that it had last, and that one was right: all of it, and the value. */
  #whole: Uint8Array | undefined
  #last: string | undefined

  /** `name`: with all that stands before its value. */
  constructor(name: string, fits: Check) {
    this.#name = encoder.encode(name)
    this.#fits = fits
  }

  need(): string {
    const text = this.read()
    if (text === undefined) lose()
    return text ?? ''
  }

  /** Undefined, and `at` stays, where it does not come next or is not plainly right. */
  read(): string | undefined {
    const from = at
    if (this.#whole !== undefined && isNext(this.#whole)) return this.#last
    if (isNext(this.#name)) {
      const text = restOfText()
      if (text !== undefined && this.#fits(text)) return this.#keep(text, from)
    }
    at = from
    return undefined
  }

  /** Two in a row of one value may be the beginning of many. */
  #keep(text: string, from: number): string {
    this.#whole = text === this.#last ? bytes.slice(from, at) : undefined
    this.#last = text
    return text
  }
}
const field = (name: string, fits: Check): TextField => new TextField(`,"${name}":"`, fits)

const REPORT = {
  reportId: field('reportId', isText),
  type: field('type', oneOf(EXECUTION_TYPES)),
  tenant: field('tenant', isId),
  account: field('account', isId),
  strategy: field('strategy', (text) => STRATEGY_ID_PATTERN.test(text)),
  orderId: field('orderId', isId),
  clOrdId: field('clOrdId', isId),
  venue: field('venue', isId),
  instrument: field('instrument', (text) => INSTRUMENT_PATTERN.test(text)),
  side: field('side', oneOf(['buy', 'sell'])),
  orderType: field('orderType', oneOf(ORDER_TYPES)),
  quantity: field('quantity', isPositive),
  price: field('price', isPositive),
  stopPrice: field('stopPrice', isPositive),
  status: field('status', oneOf(ORDER_STATUSES)),
  cumQuantity: field('cumQuantity', isDecimal),
  leavesQuantity: field('leavesQuantity', isDecimal),
  venueOrderId: field('venueOrderId', isVenueName),
}
const FILL = {
  tradeId: new TextField(',"fill":{"tradeId":"', isVenueName),
  quantity: field('quantity', isPositive),
  price: field('price', isPositive),
  fee: field('fee', isDecimal),
  feeAsset: field('feeAsset', isText),
  liquidity: field('liquidity', oneOf(['maker', 'taker'])),
}
const REASON = { code: new TextField(',"reason":{"code":"', isText), text: field('text', isText) }
const AT = encoder.encode(',"atUs":')
const VENUE_TIME = encoder.encode(',"venueTimeUs":')

type Parts = { -readonly [K in keyof Confirm]?: unknown }

/** Undefined: it is not plainly right. */
export function scanConfirm(report: Uint8Array): Confirm | undefined {
  bytes = report
  at = 0
  isNext(OPEN)
  const made = headOf()
  const [price, stopPrice] = [REPORT.price.read(), REPORT.stopPrice.read()]
  if (price !== undefined) made.price = price
  if (stopPrice !== undefined) made.stopPrice = stopPrice
  made.status = REPORT.status.need()
  made.cumQuantity = REPORT.cumQuantity.need()
  made.leavesQuantity = REPORT.leavesQuantity.need()
  const fill = fillOf()
  if (fill !== undefined) made.fill = fill
  const reason = reasonOf()
  if (reason !== undefined) made.reason = reason
  made.atUs = timeOf(AT)
  const venueOrderId = REPORT.venueOrderId.read()
  if (venueOrderId !== undefined) made.venueOrderId = venueOrderId
  return isNext(CLOSE) && at === bytes.length ? (made as Confirm) : undefined
}

/** Two literals: the keys are in the order of the schema, and a field that is put in later makes an object slow. */
function headOf(): Parts {
  const [schema, reportId, type] = [1, REPORT.reportId.need(), REPORT.type.need()]
  const [tenant, account, strategy] = [REPORT.tenant.need(), REPORT.account.need(), REPORT.strategy.need()]
  const [orderId, clOrdId] = [REPORT.orderId.need(), REPORT.clOrdId.read()]
  const [venue, instrument] = [REPORT.venue.need(), REPORT.instrument.need()]
  const [side, orderType, quantity] = [REPORT.side.need(), REPORT.orderType.need(), REPORT.quantity.need()]
  return clOrdId === undefined
    ? { schema, reportId, type, tenant, account, strategy, orderId, venue, instrument, side, orderType, quantity }
    : {
        schema,
        reportId,
        type,
        tenant,
        account,
        strategy,
        orderId,
        clOrdId,
        venue,
        instrument,
        side,
        orderType,
        quantity,
      }
}

function fillOf(): Fill | undefined {
  const tradeId = FILL.tradeId.read()
  if (tradeId === undefined) return undefined
  const [quantity, price, fee] = [FILL.quantity.need(), FILL.price.need(), FILL.fee.need()]
  const feeAsset = FILL.feeAsset.need()
  const liquidity = FILL.liquidity.need()
  const venueTimeUs = timeOf(VENUE_TIME)
  if (!isNext(CLOSE)) lose()
  return { tradeId, quantity, price, fee, feeAsset, liquidity, venueTimeUs } as Fill
}

function reasonOf(): Reason | undefined {
  const code = REASON.code.read()
  if (code === undefined) return undefined
  const text = REASON.text.need()
  if (!isNext(CLOSE)) lose()
  return { code, text }
}

/** Up to the quote that ends it. */
function restOfText(): string | undefined {
  const from = at
  let end = from
  for (; bytes[end] !== QUOTE; end++) {
    const code = bytes[end]
    if (code === undefined || code < 32 || code > 126 || code === BACKSLASH) return undefined
  }
  at = end + 1
  let text = ''
  let i = from
  for (; i + 4 <= end; i += 4) text += String.fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!)
  for (; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Whole microseconds. */
function timeOf(name: Uint8Array): number {
  if (!isNext(name)) lose()
  const from = at
  let value = 0
  for (; at - from < DIGITS_MAX; at++) {
    const digit = bytes[at]! - ZERO
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  if (at === from || (bytes[from] === ZERO && at > from + 1) || !isTime(value)) lose()
  return value
}
