import { Buffer } from 'node:buffer'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import type { Collector } from '../judge/collector.ts'
import { EXACT_MAX, longDecimal, POWERS } from './decimal.ts'
import type { FileFeed } from './feed.ts'
import { SLOT, SLOTS } from './layout.ts'
import type { LineLayout } from './layout.ts'
import { PIECE_BYTES, piecesOf, refusalOf, ROW_CHARACTERS_MAX } from './open.ts'
import { byteTimes, within } from './scan-time.ts'

const [NEWLINE, RETURN, SPACE, QUOTE, POINT, MINUS, ZERO] = [10, 13, 32, 34, 46, 45, 48]
/** So many digits are a whole number of 32 bits. */
const PART_DIGITS = 8
const SHOWN_CHARACTERS_MAX = 120
const ID_DIGITS_MAX = 15

const UNIT_US: Readonly<Record<string, number>> = { s: 1_000_000, ms: 1000, us: 1 }

/** Lines of cells into a collector, from the bytes: no string and no object per row or field. */
export class LineScanner {
  readonly #layout: LineLayout
  readonly #slots: Uint8Array
  readonly #separator: number
  /** Cells after which a line is not looked at any further. */
  readonly #enough: number
  readonly #collector: Collector
  readonly #time: (bytes: Uint8Array, from: number, to: number) => number
  /** Microseconds of one where times are whole numbers of such; else 0. */
  readonly #unitUs: number
  readonly #values = new Float64Array(SLOTS).fill(Number.NaN)
  #idText = ''
  #bytes: Buffer = Buffer.alloc(0)
  /** The same bytes, for four of them at once. */
  #words: DataView = new DataView(new ArrayBuffer(0))
  /** First byte after the cell that was read last. */
  #after = 0
  #line = 0
  #lineStart = 0
  #headerSeen = false
  /** Lines before are not of the table. */
  readonly #firstLine: number

  constructor(feed: FileFeed, layout: LineLayout, collector: Collector) {
    this.#layout = layout
    this.#slots = layout.slots
    this.#separator = layout.separator
    this.#enough = layout.cellsMax === Infinity ? Math.max(layout.slots.length, layout.cellsMin) : Infinity
    this.#collector = collector
    this.#time = byteTimes(feed.timeUnit)
    this.#unitUs = UNIT_US[feed.timeUnit] ?? 0
    this.#firstLine = feed.firstRow.line
    this.#headerSeen = layout.header === 'none' && this.#firstLine === 1
    if (layout.shape === 'candles' && !layout.slots.includes(SLOT.volume)) this.#values[SLOT.volume] = 0
  }

  get line(): number {
    return this.#line
  }

  /** The line that is read now, as far as a report shows it. */
  lineText(): string {
    const end = this.#bytes.indexOf(NEWLINE, this.#lineStart)
    return this.#bytes.toString('utf8', this.#lineStart, end).trimEnd().slice(0, SHOWN_CHARACTERS_MAX)
  }

  /** Whole lines of `bytes`, behind which `AHEAD_BYTES` may be read; returns where the last, unfinished one begins. */
  scan(bytes: Buffer): number {
    this.#bytes = bytes
    this.#words = new DataView(bytes.buffer, bytes.byteOffset)
    const last = bytes.lastIndexOf(NEWLINE)
    let at = 0
    while (at <= last) at = this.#take(at)
    return last + 1
  }

  /** The last line of a file that does not end with a newline. */
  last(bytes: Buffer): void {
    if (bytes.length === 0) return
    const whole = Buffer.alloc(bytes.length + 1 + AHEAD_BYTES, NEWLINE)
    bytes.copy(whole)
    this.scan(whole.subarray(0, bytes.length + 1))
  }

  /** One line; returns where the next begins. There is a newline before the end of the bytes. */
  #take(start: number): number {
    const bytes = this.#bytes
    this.#line++
    this.#lineStart = start
    if (bytes[start]! <= SPACE && this.lineText().trim() === '') return this.#next(start)
    if (!this.#headerSeen && this.#isHeader()) return this.#next(start)
    const cells = this.#cells(start)
    const next = this.#next(this.#after)
    this.#row(cells)
    return next
  }

  #next(at: number): number {
    return this.#bytes[at] === NEWLINE ? at + 1 : this.#bytes.indexOf(NEWLINE, at) + 1
  }

  #isHeader(): boolean {
    if (this.#line < this.#firstLine) return true
    this.#headerSeen = true
    if (this.#layout.header === 'none') return false
    return this.#layout.header === 'always' || (this.#line === 1 && /^"?[a-z_]/i.test(this.lineText()))
  }

  /** Reads the cells of a line into their slots; returns how many it has (or how many were looked at). */
  #cells(start: number): number {
    const slots = this.#slots
    const values = this.#values
    this.#idText = ''
    for (let at = start, cell = 0; ;) {
      const slot = cell < slots.length ? slots[cell]! : SLOT.skip
      if (slot > SLOT.id) values[slot] = this.#number(at)
      else if (slot !== SLOT.time || this.#unitUs === 0 || !this.#wholeTime(at)) this.#other(slot, at)
      cell++
      if (this.#bytes[this.#after] !== this.#separator || cell === this.#enough) {
        // A whole line sets every slot anew; a short one must not keep what the line before it had.
        for (let rest = cell; rest < slots.length; rest++)
          values[slots[rest] === SLOT.maker ? SLOT.side : slots[rest]!] = Number.NaN
        return cell
      }
      at = this.#after + 1
    }
  }

  #other(slot: number, at: number): void {
    const to = this.#cellEnd(at)
    this.#after = to
    if (slot === SLOT.skip) return
    let [from, until] = [at, to]
    while (from < until && (this.#bytes[from] === SPACE || this.#bytes[from] === QUOTE)) from++
    while (until > from && (this.#bytes[until - 1]! <= SPACE || this.#bytes[until - 1] === QUOTE)) until--
    if (slot === SLOT.time) this.#values[slot] = this.#time(this.#bytes, from, until)
    else if (slot === SLOT.id) this.#id(from, until)
    else this.#values[SLOT.side] = sideOf(this.#bytes, from, until, slot === SLOT.maker)
  }

  #cellEnd(at: number): number {
    const bytes = this.#bytes
    let i = at
    if (bytes[at] === QUOTE) for (i = at + 1; bytes[i] !== QUOTE && bytes[i] !== NEWLINE; i++);
    while (bytes[i] !== this.#separator && bytes[i] !== NEWLINE) i++
    return i
  }

  /** A time that is a whole number and nothing else; false: it is to be looked at more closely. */
  #wholeTime(at: number): boolean {
    const value = this.#whole(at)
    if (this.#after === at || this.#bytes[this.#after] !== this.#separator) return false
    this.#values[SLOT.time] = within(value * this.#unitUs)
    return true
  }

  /** Up to 16 digits before the point and as many behind it; all else is read as text. */
  #number(at: number): number {
    const bytes = this.#bytes
    const first = bytes[at] === MINUS ? at + 1 : at
    let value = this.#whole(first)
    let to = this.#after
    if (to === first) return this.#slow(at)
    if (bytes[to] === POINT) {
      value = this.#fraction(value, to + 1)
      to = this.#after
    }
    if (bytes[to] === RETURN && bytes[to + 1] === NEWLINE) to++
    // NaN: a double cannot tell.
    if ((bytes[to] !== this.#separator && bytes[to] !== NEWLINE) || !(value < EXACT_MAX)) return this.#slow(at)
    this.#after = to
    return first === at ? value : -value
  }

  /** Up to 16 digits. */
  #whole(at: number): number {
    const high = this.#digits(at)
    const middle = this.#after
    if (middle - at < PART_DIGITS) return high
    const low = this.#digits(middle)
    return high * POWERS[this.#after - middle]! + low
  }

  /** A number of this whole part, and of up to 16 decimals from here on. */
  #fraction(whole: number, at: number): number {
    const high = this.#digits(at)
    const middle = this.#after
    const decimals = middle - at
    const mantissa = whole * POWERS[decimals]! + high
    if (decimals < PART_DIGITS)
      return mantissa < EXACT_MAX ? mantissa / POWERS[decimals]! : longDecimal(whole, high, decimals, decimals)
    const low = this.#digits(middle)
    const lowDecimals = this.#after - middle
    if (mantissa < EXACT_MAX) return long(mantissa, low, lowDecimals, decimals + lowDecimals)
    return lowDecimals === 0 ? longDecimal(whole, high, decimals, decimals) : Number.NaN
  }

  /** Up to eight digits from here on, `#after` behind them: four at a time, because that takes no longer than one. */
  #digits(at: number): number {
    const words = this.#words
    let word = words.getInt32(at, true)
    let count = digitsIn(word)
    if (count < 4) {
      this.#after = at + count
      return count === 0 ? 0 : wholeOf(word, count)
    }
    const high = wholeOf(word, 4)
    word = words.getInt32(at + 4, true)
    count = digitsIn(word)
    this.#after = at + 4 + count
    return count === 0 ? high : Math.imul(high, TENS[count]!) + wholeOf(word, count)
  }

  #slow(at: number): number {
    const to = this.#cellEnd(at)
    this.#after = to
    const text = this.#bytes.toString('latin1', at, to).replaceAll('"', '').trim()
    return text === '' ? Number.NaN : Number(text)
  }

  #id(from: number, to: number): void {
    let id = 0
    this.#values[SLOT.id] = Number.NaN
    for (let i = from; i < to; i++) {
      const digit = this.#bytes[i]! - ZERO
      if (digit < 0 || digit > 9 || i - from >= ID_DIGITS_MAX) {
        this.#idText = this.#bytes.toString('utf8', from, to)
        return
      }
      id = id * 10 + digit
    }
    if (to > from) this.#values[SLOT.id] = id
  }

  #row(cells: number): void {
    const { shape, cellsMin, cellsMax, cellsFirst } = this.#layout
    const collector = this.#collector
    const v = this.#values
    const broken = cells < cellsMin || cells > cellsMax
    if (broken && cellsFirst) return collector.bad(this.#line, 'bad_row', this.lineText())
    const timeUs = v[SLOT.time]!
    if (Number.isNaN(timeUs)) return collector.bad(this.#line, 'bad_time', this.lineText())
    if (broken) return collector.bad(this.#line, 'bad_row', this.lineText())
    const venueUs = v[SLOT.venueTime]! >= 0 ? v[SLOT.venueTime]! : timeUs
    switch (shape) {
      case 'candles':
        return collector.candle(this.#line, timeUs, v[5]!, v[6]!, v[7]!, v[8]!, v[9]!, v[10]!, v[11]!)
      case 'ticks': {
        const side = Number.isNaN(v[SLOT.side]!) ? 0 : v[SLOT.side]!
        return collector.tick(this.#line, timeUs, venueUs, v[SLOT.id]!, this.#idText, side, v[5]!, v[6]!)
      }
      case 'quotes':
        return collector.quote(this.#line, timeUs, venueUs, v[5]!, v[6]! || 0, v[7]!, v[8]! || 0, Number.NaN)
      case 'funding':
        return collector.funding(this.#line, timeUs, v[5]!)
    }
  }
}

/* Four characters in a word, the first in its lowest byte. */

/** How many digits it begins with: the other bytes have their highest bit set by one of the two sums. */
function digitsIn(word: number): number {
  const others = ((word + 0x46464646) | (word - 0x30303030)) & 0x80808080
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >> 3
}

/** What its first `count` digits say, 1 to 4: they are moved to its end, where zeros come before them. */
function wholeOf(word: number, count: number): number {
  const digits = (word - 0x30303030) << (32 - count * 8)
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0xff00ff
  return Math.imul(pairs & 0xff, 100) + (pairs >>> 16)
}
const TENS = Int32Array.of(1, 10, 100, 1000, 10_000)
/** What may be read behind the last line: a word begins at its newline at the latest. */
const AHEAD_BYTES = 8

function long(high: number, low: number, lowDigits: number, decimals: number): number {
  const mantissa = high * POWERS[lowDigits]! + low
  return mantissa < EXACT_MAX ? mantissa / POWERS[decimals]! : longDecimal(high, low, lowDigits, decimals)
}

/** Of the taker: 1 buy, -1 sell, 0 unknown; `maker`: the cell says whether the buyer was the maker. */
function sideOf(bytes: Uint8Array, from: number, to: number, maker: boolean): number {
  const first = bytes[from]! | 0x20
  const length = to - from
  if (maker) {
    if (first === 0x74 || bytes[from] === 0x31) return -1
    return first === 0x66 || bytes[from] === 0x30 ? 1 : 0
  }
  const second = bytes[from + 1]! | 0x20
  if (first === 0x62) return length === 1 || (length === 3 && (second === 0x75 || second === 0x69)) ? 1 : 0
  if (first === 0x73) return length === 1 || (length === 4 && second === 0x65) ? -1 : 0
  return first === 0x61 && length === 3 && second === 0x73 ? -1 : 0
}

/** Of the order of bytes: some programs begin a text with it. */
const MARK = Buffer.from('\uFEFF')

/** Reads a whole file of lines. Memory holds one piece of it at a time. */
export async function scanFile(feed: FileFeed, scanner: LineScanner, onPiece: (line: number) => void): Promise<void> {
  const name = path.basename(feed.file)
  let rest = 0
  let buffer: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES * 2)
  try {
    for await (const whole of piecesOf(feed.file, name)) {
      const piece =
        scanner.line === 0 && rest === 0 && whole.subarray(0, MARK.length).equals(MARK)
          ? whole.subarray(MARK.length)
          : whole
      const room = rest + piece.length + AHEAD_BYTES
      if (room > buffer.length) buffer = grown(buffer, room)
      piece.copy(buffer, rest)
      const filled = buffer.subarray(0, rest + piece.length)
      const read = scanner.scan(filled)
      rest = filled.length - read
      if (rest > ROW_CHARACTERS_MAX)
        throw refuse('row_too_long', 'file', `row ${scanner.line + 1}`, 'check the format: no row is that long')
      buffer.copyWithin(0, read, filled.length)
      onPiece(scanner.line)
    }
  } catch (error) {
    throw refusalOf(error, name)
  }
  scanner.last(buffer.subarray(0, rest))
}

function grown(buffer: Buffer, bytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(bytes * 2)
  buffer.copy(larger)
  return larger
}
