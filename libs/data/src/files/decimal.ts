/** Powers of ten that a double holds exactly. */
export const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i)
export const EXACT_MAX = 2 ** 53
/** Veltkamp's splitter: cuts a double in two halves of 26 bits. */
const SPLITTER = 2 ** 27 + 1
/** How far the quotient's second part may be off, generously. */
const DOUBT = 2 ** -44

/** What `a * b` lost in rounding (Dekker's product). */
function productError(a: number, b: number, product: number): number {
  const splitA = SPLITTER * a
  const highA = splitA - (splitA - a)
  const splitB = SPLITTER * b
  const highB = splitB - (splitB - b)
  return (a - highA) * (b - highB) - (product - highA * highB - (a - highA) * highB - highA * (b - highB))
}

/**
 * (high x 10^lowDigits + low) / 10^decimals, correctly rounded, for numbers of more digits than a double has: the quotient
 * is made of two doubles. NaN where those cannot tell which way to round; then the text must be read the slow way.
 */
export function longDecimal(high: number, low: number, lowDigits: number, decimals: number): number {
  const factor = POWERS[lowDigits]!
  const product = high * factor
  const lost = productError(high, factor, product)
  const sum = product + low
  const part = sum - product
  const rest = product - (sum - part) + (low - part) + lost
  const whole = sum + rest
  const tail = rest - (whole - sum)
  const divisor = POWERS[decimals]!
  const quotient = whole / divisor
  const back = quotient * divisor
  const correction = (whole - back - productError(quotient, divisor, back) + tail) / divisor
  const [least, most] = [quotient + correction * (1 - DOUBT), quotient + correction * (1 + DOUBT)]
  return least === most ? least : Number.NaN
}
