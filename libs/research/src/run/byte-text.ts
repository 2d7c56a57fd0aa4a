import { DAY_US, isoOfUs } from '@contrail/contracts'

/*
 * Text as bytes: numbers, times and words are written where they will lie in the file, with no string made of them. What is
 * written is byte for byte what `String` and `isoOfUs` say (byte-text.test.ts).
 */
export type Sink = (bytes: Uint8Array) => void

const ROOM = 1 << 20
/** Longest of what is written without asking for room by its length. */
const SHORT = 64
/** Bytes of an instant. */
const TIME = 27
const COMMA = 44
const QUOTE = 34
const LINE = 10
const ZERO = 48

/** Decimals that are tried before the general way: prices, money and most sums of them have no more. */
const PLACES = 8
const POWER = 1e8
/** A decimal of so many digits is the only one of them for its double, and so the shortest: what `String` says. */
const EXACT_MAX = 1e15
/** `String` has an exponent below. */
const SMALL = 1e-6

export class ByteText {
  readonly #sink: Sink
  readonly #bytes = Buffer.allocUnsafeSlow(ROOM)
  #at = 0
  /** The instant that was written last, and its text: an order is often placed, filled and done at the same one. */
  #lastUs = NaN
  readonly #last = new Uint8Array(TIME)
  /** First instant of the day that `#date` is the text of. */
  #dayUs = NaN
  readonly #date = new Uint8Array(11)

  constructor(sink: Sink) {
    this.#sink = sink
  }

  flush(): void {
    if (this.#at > 0) this.#sink(this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }

  #room(bytes: number): void {
    if (this.#at + bytes > ROOM) this.flush()
  }

  byte(code: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = code
  }
  comma(): void {
    this.byte(COMMA)
  }
  line(): void {
    this.byte(LINE)
  }

  /** As it is, of any length. */
  raw(text: string): void {
    const { length } = text
    if (length > SHORT) return this.#long(text)
    this.#room(length)
    const bytes = this.#bytes
    const from = this.#at
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return this.#long(text)
      bytes[from + i] = code
    }
    this.#at = from + length
  }

  /** As `raw`, sooner for what is long. */
  #long(text: string): void {
    const most = text.length * 3
    if (most > ROOM) {
      this.flush()
      return this.#sink(Buffer.from(text))
    }
    this.#room(most)
    this.#at += this.#bytes.write(text, this.#at)
  }

  /** A cell of a sheet: nothing for undefined, in quotes where it has to be. */
  cell(text: string | undefined): void {
    if (text === undefined) return
    const { length } = text
    if (length > SHORT) return this.#anyCell(text)
    this.#room(length)
    const bytes = this.#bytes
    const from = this.#at
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127 || code === COMMA || code === QUOTE || code === LINE) return this.#anyCell(text)
      bytes[from + i] = code
    }
    this.#at = from + length
  }

  #anyCell(text: string): void {
    this.raw(/[,"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  }

  number(value: number | undefined): void {
    if (value === undefined) return
    this.#room(SHORT)
    const size = Math.abs(value)
    if (size < EXACT_MAX) {
      if (Math.floor(size) === size) {
        if (value < 0) this.#bytes[this.#at++] = 45
        return this.#whole(size)
      }
      const units = Math.round(size * POWER)
      if (size >= SMALL && units < EXACT_MAX && units / POWER === size) {
        if (value < 0) this.#bytes[this.#at++] = 45
        return this.#decimal(units)
      }
    }
    const text = String(value)
    const bytes = this.#bytes
    for (let i = 0; i < text.length; i++) bytes[this.#at++] = text.charCodeAt(i)
  }

  #whole(value: number): void {
    if (value >= 1e9) {
      const high = Math.floor(value / 1e9)
      this.#whole(high)
      return this.#digits(value - high * 1e9, 9)
    }
    const small = value | 0
    let count = 1
    for (let power = 10; small >= power && count < 9; power *= 10) count++
    this.#digits(small, count)
  }

  #decimal(units: number): void {
    const whole = Math.floor(units / POWER)
    let part = (units - whole * POWER) | 0
    this.#whole(whole)
    this.#bytes[this.#at++] = 46
    let places = PLACES
    while (part % 10 === 0) {
      part = (part / 10) | 0
      places--
    }
    this.#digits(part, places)
  }

  /** Below 2^31. */
  #digits(value: number, count: number): void {
    const bytes = this.#bytes
    let rest = value | 0
    for (let at = this.#at + count - 1; at >= this.#at; at--) {
      const next = (rest / 10) | 0
      bytes[at] = ZERO + rest - next * 10
      rest = next
    }
    this.#at += count
  }

  /** As `isoOfUs`. */
  time(us: number | undefined): void {
    if (us === undefined) return
    this.#room(SHORT)
    const bytes = this.#bytes
    const at = this.#at
    if (us === this.#lastUs) {
      for (let i = 0; i < TIME; i++) bytes[at + i] = this.#last[i] as number
      this.#at = at + TIME
      return
    }
    const within = us - this.#dayUs
    if (!(within >= 0 && within < DAY_US)) return this.#otherDay(us)
    const date = this.#date
    for (let i = 0; i < 11; i++) bytes[at + i] = date[i] as number
    const seconds = (within / 1e6) | 0
    const minutes = (seconds / 60) | 0
    const hours = (minutes / 60) | 0
    this.#two(at + 11, hours)
    bytes[at + 13] = 58
    this.#two(at + 14, minutes - hours * 60)
    bytes[at + 16] = 58
    this.#two(at + 17, seconds - minutes * 60)
    bytes[at + 19] = 46
    this.#at = at + 20
    this.#digits(within - seconds * 1e6, 6)
    bytes[this.#at++] = 90
    for (let i = 0; i < TIME; i++) this.#last[i] = bytes[at + i] as number
    this.#lastUs = us
  }

  #two(at: number, value: number): void {
    const tens = (value / 10) | 0
    this.#bytes[at] = ZERO + tens
    this.#bytes[at + 1] = ZERO + value - tens * 10
  }

  #otherDay(us: number): void {
    const text = isoOfUs(us)
    this.#dayUs = Number.isInteger(us) && text.length === 27 ? Math.floor(us / DAY_US) * DAY_US : NaN
    for (let i = 0; i < 11; i++) this.#date[i] = text.charCodeAt(i)
    this.raw(text)
  }
}
