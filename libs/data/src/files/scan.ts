import { Buffer } from 'node:buffer'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import type { Collector } from '../judge/collector.ts'
import { EXACT_MAX, longDecimal, POWERS } from './decimal.ts'
import type { FileFeed } from './feed.ts'
import { SLOT, SLOTS } from './layout.ts'
import type { LineLayout } from './layout.ts'
import { PIECE_BYTES, piecesOf, refusalOf, ROW_CHARACTERS_MAX } from './open.ts'
import { byteTimes } from './scan-time.ts'

const [NEWLINE, RETURN, SPACE, QUOTE, POINT, MINUS, ZERO] = [10, 13, 32, 34, 46, 45, 48]
/** Nine digits are a whole number of 32 bits. Numbers of more than twice as many are read as text. */
const PART_DIGITS = 9
const SHOWN_CHARACTERS_MAX = 120
const ID_DIGITS_MAX = 15

/** Lines of cells into a collector, from the bytes: no string and no object per row or field. */
export class LineScanner {
  readonly #layout: LineLayout
  readonly #slots: Uint8Array
  readonly #separator: number
  /** Cells after which a line is not looked at any further. */
  readonly #enough: number
  readonly #collector: Collector
  readonly #time: (bytes: Uint8Array, from: number, to: number) => number
  readonly #values = new Float64Array(SLOTS).fill(Number.NaN)
  #idText = ''
  #bytes: Buffer = Buffer.alloc(0)
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

  /** Whole lines of `bytes`; returns where the last, unfinished one begins. */
  scan(bytes: Buffer): number {
    this.#bytes = bytes
    const last = bytes.lastIndexOf(NEWLINE)
    let at = 0
    while (at <= last) at = this.#take(at)
    return last + 1
  }

  /** The last line of a file that does not end with a newline. */
  last(bytes: Buffer): void {
    if (bytes.length > 0) this.scan(Buffer.concat([bytes, Buffer.of(NEWLINE)]))
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
      else this.#other(slot, at)
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

  #number(at: number): number {
    const bytes = this.#bytes
    const negative = bytes[at] === MINUS
    const first = negative ? at + 1 : at
    let i = first
    // Two whole numbers of nine digits each: a digit more costs a processor less there than in a double.
    let high = 0
    let low = 0
    let count = 0
    let point = -1
    for (; count < PART_DIGITS; i++) {
      const digit = bytes[i]! - ZERO
      if (digit >= 0 && digit <= 9) {
        high = (Math.imul(high, 10) + digit) | 0
        count++
      } else if (digit === POINT - ZERO && point < 0) point = i
      else break
    }
    if (count === PART_DIGITS)
      for (; count < PART_DIGITS * 2; i++) {
        const digit = bytes[i]! - ZERO
        if (digit >= 0 && digit <= 9) {
          low = (Math.imul(low, 10) + digit) | 0
          count++
        } else if (digit === POINT - ZERO && point < 0) point = i
        else break
      }
    const decimals = point < 0 ? 0 : i - point - 1
    if (bytes[i] === RETURN && bytes[i + 1] === NEWLINE) i++
    if (count === 0 || (bytes[i] !== this.#separator && bytes[i] !== NEWLINE)) return this.#slow(at)
    this.#after = i
    const value = count <= PART_DIGITS ? high / POWERS[decimals]! : long(high, low, count - PART_DIGITS, decimals)
    if (value !== value) return this.#slow(at)
    return negative ? -value : value
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
      if (rest + piece.length > buffer.length) buffer = grown(buffer, rest + piece.length)
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
