import { compareDecimal, formatDecimal, multiplyDecimal, parseDecimal, roundDecimal } from '@contrail/contracts'

/** Money is text all the way: rounded, padded and grouped as digits, never as a float. */
export function money(value: string, places = 2, options: { sign?: boolean } = {}): string {
  const rounded = roundDecimal(value, places)
  const negative = rounded.startsWith('-')
  const [whole = '0', fraction = ''] = rounded.replace('-', '').split('.')
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (places > 0 ? `.${fraction.padEnd(places, '0')}` : '')
  const zero = !/[1-9]/.test(rounded)
  return (negative ? '−' : options.sign && !zero ? '+' : '') + digits
}

/** A quantity keeps all of its digits. */
export function quantity(value: string): string {
  const [whole = '0', fraction] = value.replace('-', '').split('.')
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return (value.startsWith('-') ? '−' : '') + digits + (fraction ? `.${fraction}` : '')
}

/** Digits after the point of a step such as "0.01". */
export const placesOf = (step: string | undefined): number =>
  step === undefined ? 2 : (step.split('.')[1]?.length ?? 0)

/** At most this many significant digits of an average price beyond its step. */
export function price(value: string | number | null | undefined, places = 2): string {
  if (value === null || value === undefined) return '–'
  const text = typeof value === 'number' ? value.toFixed(Math.min(places, 12)) : value
  return money(text, places)
}

export type Tone = 'up' | 'down' | 'flat'
export function toneOf(value: string | null | undefined): Tone {
  if (value === null || value === undefined) return 'flat'
  const order = compareDecimal(value, '0')
  return order > 0 ? 'up' : order < 0 ? 'down' : 'flat'
}

/** part / whole in percent with two places, in integers. Nothing when the whole is zero. */
export function percent(part: string, whole: string): string | undefined {
  const base = parseDecimal(whole)
  if (base.units === 0n) return undefined
  const top = parseDecimal(multiplyDecimal(part, '10000'))
  const scaled = (top.units * 10n ** BigInt(base.scale)) / (base.units * 10n ** BigInt(top.scale))
  return `${money(formatDecimal({ units: scaled, scale: 2 }), 2, { sign: true })}%`
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const day = new Intl.DateTimeFormat(undefined, { day: '2-digit', month: 'short' })

/** Local time of day, with the date when it is not today. */
export function timeOf(us: number, nowMs = Date.now()): string {
  const at = new Date(us / 1000)
  const today = at.toDateString() === new Date(nowMs).toDateString()
  return today ? clock.format(at) : `${day.format(at)} ${clock.format(at).slice(0, 5)}`
}

export function age(ms: number): string {
  if (ms < 950) return `${Math.max(0, Math.round(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

/** `partially_filled` -> `partially filled`. */
export const words = (code: string): string => code.replaceAll('_', ' ')

/** `QUANTITY_TOO_SMALL: control=C16 found=0 limit=0.1` -> `quantity too small: found 0, limit 0.1 (C16)`. */
export function reasonWords({ text }: { text: string }): string {
  const match = /^([A-Z][A-Z0-9_]+): control=(\S+) found=(.*) limit=(.*)$/.exec(text)
  if (!match) return text
  const [, code = '', control, found, limit] = match
  return `${words(code.toLowerCase())}: found ${found}, limit ${limit} (${control})`
}

/** What a strategy noted, short enough for a card. */
export function noted(value: unknown): string {
  if (typeof value !== 'number') return value === null ? 'none' : plain(value)
  if (!Number.isFinite(value)) return 'none'
  const size = Math.abs(value)
  return Number.isInteger(value) || size >= 1e6
    ? value.toLocaleString('en')
    : String(Number(value.toPrecision(size < 1 ? 4 : 7)))
}

/** Any JSON value on one line. */
export const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const minutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
/** For axes and spans: seconds within minutes, minutes within a day, else the date. */
export const shortTime = (us: number, spanUs: number): string =>
  (spanUs < 300e6 ? clock : spanUs < 86_400e6 ? minutes : day).format(new Date(us / 1000))
