/* Numbers for people, the same in every locale. Undefined is a dash. */

// The page's script has this file too: it imports nothing.
const SECOND_US = 1_000_000
const MINUTE_US = 60 * SECOND_US
const HOUR_US = 60 * MINUTE_US
const DAY_US = 24 * HOUR_US
const NONE = '–'
const grouped = (text: string): string => text.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
const signed = (value: number, text: string): string => (value < 0 && /[1-9]/.test(text) ? `−${text}` : text)

export function fixedText(value: number, places: number): string {
  const [whole, rest] = Math.abs(value).toFixed(places).split('.') as [string, string?]
  return signed(value, `${grouped(whole)}${rest ? `.${rest}` : ''}`)
}
/** Four digits that say something, however small. */
export function plain(value: number | null): string {
  if (value === null) return NONE
  const size = Math.abs(value)
  if (size >= 1000) return fixedText(value, 0)
  if (size >= 10 || size === 0) return fixedText(value, 2)
  if (size >= 0.01) return fixedText(value, 3)
  return signed(value, Number(size.toPrecision(3)).toString())
}
export const money = (value: number | null): string =>
  value === null ? NONE : Math.abs(value) >= 1 || value === 0 ? fixedText(value, 2) : plain(value)
/** More places where two would say nothing. */
export function percent(value: number | null, places = 2): string {
  if (value === null) return NONE
  const size = Math.abs(value * 100)
  const text =
    size > 0 && size < 0.1
      ? signed(value, String(Number(size.toPrecision(2))))
      : fixedText(value * 100, size >= 1000 ? 0 : places)
  return `${text} %`
}
export const count = (value: number | null): string => (value === null ? NONE : fixedText(value, 0))
export const price = (value: number): string => {
  const places = Math.abs(value) >= 1000 ? 2 : Math.abs(value) >= 1 ? 4 : 8
  return fixedText(value, places).replace(/(\.\d*?[1-9])0+$|\.0+$/, '$1')
}

/** Without a last zero. */
const short = (value: number, places: number): string => fixedText(value, places).replace(/\.0$/, '')

export function duration(us: number | null): string {
  if (us === null) return NONE
  if (us === 0) return '0'
  if (us < SECOND_US) return `${fixedText(us / 1000, us < 10_000 ? 1 : 0)} ms`
  if (us < 2 * MINUTE_US) return `${fixedText(us / SECOND_US, 0)} s`
  if (us < 2 * HOUR_US) return `${fixedText(us / MINUTE_US, 0)} min`
  if (us < 2 * DAY_US) return `${short(us / HOUR_US, 1)} h`
  return `${short(us / DAY_US, us < 20 * DAY_US ? 1 : 0)} days`
}
export const dateText = (us: number): string => new Date(us / 1000).toISOString().slice(0, 10)
/** Without the time of day where it is midnight. */
export function timeText(us: number): string {
  const text = new Date(us / 1000).toISOString()
  return us % DAY_US === 0 ? text.slice(0, 10) : text.slice(0, us % MINUTE_US === 0 ? 16 : 19).replace('T', ' ')
}

export type ShownAs = 'percent' | 'ratio' | 'money' | 'count' | 'duration' | 'probability' | 'text'
/** Of a metric, by its format in the catalogue. */
export const showMetric = (value: number | null, as: ShownAs): string => shown(value, as)
export function shown(value: number | string | null | undefined, as: ShownAs = 'ratio'): string {
  if (typeof value === 'string') return value
  const number = value ?? null
  if (as === 'percent' || as === 'probability') return percent(number)
  if (as === 'money') return money(number)
  if (as === 'count') return count(number)
  if (as === 'duration') return duration(number)
  return plain(number)
}
