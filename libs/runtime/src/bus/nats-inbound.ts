import type { NatsConnection } from '@nats-io/transport-node'
import type { DeliveryInfo } from './nats-message.ts'

/*
 * The client reads what the server sends byte by byte, with an object and four views per message: half of what a message of
 * a stream costs, when a worker does nothing with it. Deliveries of the readers that ask for it are read here instead;
 * everything else goes through the client as ever. Where the client's insides are others than these, all of it does.
 */
type Parser = { readonly state: number; parse(chunk: Uint8Array): void }
type Protocol = { parser: Parser; inMsgs: number; inBytes: number; transport?: { version?: string } }

/** `info` is the same object for every message: what is kept of it is copied. `head`: the block of headers, where there is one. */
export type OnDelivery = (subject: string, data: Uint8Array, info: DeliveryInfo, head: Uint8Array | undefined) => void

/** The client whose insides these are. Of any other version it reads everything itself, and only takes longer. */
const KNOWN_VERSION = '3.4.0'
/** The client's parser is between two messages. */
const AT_START = 0
/** Subjects kept as strings. */
const SUBJECTS_MAX = 65_536
/** A message in parts is put together up to here; a longer one is left to the client. */
const CARRY_BYTES_MAX = 262_144
/** Of the next chunk, to make the last message of the one before whole. */
const JOINED_BYTES = 4_096
const [SPACE, DOT, CR, LF, ZERO, HEADED] = [32, 46, 13, 10, 48, 72]
const MSG = [77, 83, 71, SPACE] as const
/** Instead of a subscription: not whole, or not for anybody here. */
const IN_PART = -1
const NOBODY = -2
/** Fields behind the consumer's name: deliveries, sequence, delivery sequence, time, pending. */
const FIELDS = 5
/** Dots of the plain form. */
const DOTS = 8
const NANOS_DIGITS = 3

const decoder = new TextDecoder()

type Subject = { readonly bytes: Uint8Array; readonly text: string }

export class Inbound {
  readonly #protocol: Protocol
  readonly #listeners = new Map<number, OnDelivery>()
  readonly #subjects = new Map<number, Subject>()
  /** What was found last. */
  #subject = ''
  #headAt = 0
  #dataAt = 0
  #end = 0
  readonly #info: DeliveryInfo = { deliveries: 0, sequence: 0, deliverySequence: 0, timeUs: 0, pending: 0 }

  private constructor(protocol: Protocol) {
    this.#protocol = protocol
    let parser = protocol.parser
    this.#read(parser)
    // Each connect makes a parser of its own.
    Object.defineProperty(protocol, 'parser', {
      get: () => parser,
      set: (next: Parser) => {
        parser = next
        this.#read(next)
      },
    })
  }

  /** Undefined where the client is another one. */
  static of(nc: NatsConnection): Inbound | undefined {
    const { protocol } = nc as unknown as { protocol?: Protocol }
    const { parser } = protocol ?? {}
    if (protocol?.transport?.version !== KNOWN_VERSION) return undefined
    if (typeof parser?.parse !== 'function' || typeof parser.state !== 'number') return undefined
    return new Inbound(protocol)
  }

  listen(sid: number, listener: OnDelivery): void {
    this.#listeners.set(sid, listener)
  }
  leave(sid: number): void {
    this.#listeners.delete(sid)
  }

  #read(parser: Parser): void {
    const parse = parser.parse.bind(parser)
    let carry: Uint8Array | undefined
    parser.parse = (chunk) => {
      if (parser.state !== AT_START || (carry === undefined && this.#listeners.size === 0)) return parse(chunk)
      carry = this.#take(carry, chunk, parse)
    }
  }

  /** Returns the beginning of a message that is not whole yet. */
  #take(carry: Uint8Array | undefined, chunk: Uint8Array, parse: Parser['parse']): Uint8Array | undefined {
    let at = 0
    if (carry !== undefined) {
      const end = this.#one(Buffer.concat([carry, chunk.subarray(0, JOINED_BYTES)]), 0, parse)
      if (end >= 0) at = end - carry.length
      else chunk = Buffer.concat([carry, chunk])
    }
    while (at < chunk.length) {
      const end = this.#one(chunk, at, parse)
      if (end < 0) {
        if (chunk.length - at <= CARRY_BYTES_MAX) return chunk.subarray(at)
        parse(chunk.subarray(at))
        return undefined
      }
      at = end
    }
    return undefined
  }

  /** Hands on what begins here. Returns where it ends, or -1: it is not whole. */
  #one(chunk: Uint8Array, from: number, parse: Parser['parse']): number {
    const sid = this.#find(chunk, from)
    const end = this.#end
    if (sid === IN_PART || end > chunk.length) return -1
    const listener = sid === NOBODY ? undefined : this.#listeners.get(sid)
    if (listener) {
      const data = chunk.subarray(this.#dataAt, end - 2)
      this.#protocol.inMsgs += 1
      this.#protocol.inBytes += data.length
      const head = this.#headAt < this.#dataAt ? chunk.subarray(this.#headAt, this.#dataAt) : undefined
      listener(this.#subject, data, this.#info, head)
    } else parse(chunk.subarray(from, end))
    return end
  }

  /**
   * `MSG <subject> <sid> [reply] <bytes>\r\n<payload>\r\n`, or with headers
   * `HMSG <subject> <sid> [reply] <bytes of headers> <bytes>\r\n<headers><payload>\r\n`: whose delivery it is, and where it ends.
   */
  #find(chunk: Uint8Array, from: number): number {
    const { length } = chunk
    const isHeaded = chunk[from] === HEADED
    const subjectAt = from + MSG.length + Number(isHeaded)
    if (length < subjectAt) return IN_PART
    for (let i = 1; i <= MSG.length; i++)
      if (chunk[subjectAt - i] !== MSG[MSG.length - i]) return this.#findOther(chunk, from)
    let at = subjectAt
    let hash = 0
    for (; at < length && chunk[at] !== SPACE; at++) hash = (Math.imul(hash, 31) + chunk[at]!) | 0
    const subjectEnd = at
    let sid = 0
    for (at++; at < length && chunk[at] !== SPACE; at++) sid = sid * 10 + chunk[at]! - ZERO
    if (!this.#listeners.has(sid) || !this.#readReply(chunk, at + 1, isHeaded)) return this.#findOther(chunk, from)
    this.#subject = this.#subjectOf(chunk, subjectAt, subjectEnd, hash)
    return sid
  }

  /** What is left to the client: one line, with a payload behind it in the case of a message. */
  #findOther(chunk: Uint8Array, from: number): number {
    const line = chunk.indexOf(LF, from)
    if (line < 0) return IN_PART
    this.#end = line + 1
    const isMessage = chunk[from] === MSG[0] || (chunk[from] === HEADED && chunk[from + 1] === MSG[0])
    // A line that makes no sense goes to the client with all that follows: it says what is wrong with it.
    if (isMessage && !this.#readBytes(chunk, chunk.lastIndexOf(SPACE, line) + 1, false)) this.#end = chunk.length
    return NOBODY
  }

  /** The reply of a delivery, `$JS.ACK.….<five numbers> <bytes>\r\n`. False: it is not plainly one, or not whole. */
  #readReply(chunk: Uint8Array, from: number, isHeaded: boolean): boolean {
    const { length } = chunk
    let at = from
    let dots = 0
    while (at < length && chunk[at] !== SPACE && chunk[at] !== CR) if (chunk[at++] === DOT) dots++
    // Nine words; the form with a domain has more and is left to the client.
    if (at >= length || chunk[at] !== SPACE || dots !== DOTS) return false
    const end = at
    let start = from
    for (let skip = DOTS - FIELDS + 1; skip > 0; start++) if (chunk[start] === DOT) skip--
    return this.#readFields(chunk, start, end) && this.#readBytes(chunk, end + 1, isHeaded)
  }

  #readFields(chunk: Uint8Array, from: number, end: number): boolean {
    const info = this.#info
    let at = from
    let value = 0
    for (; chunk[at] !== DOT; at++) value = value * 10 + chunk[at]! - ZERO
    info.deliveries = value
    for (value = 0, at++; chunk[at] !== DOT; at++) value = value * 10 + chunk[at]! - ZERO
    info.sequence = value
    for (value = 0, at++; chunk[at] !== DOT; at++) value = value * 10 + chunk[at]! - ZERO
    info.deliverySequence = value
    at++
    let timeEnd = at
    while (chunk[timeEnd] !== DOT) timeEnd++
    // Nanoseconds exceed a double: their last three digits are left out.
    const isLong = timeEnd - at > NANOS_DIGITS
    for (value = 0; at < timeEnd - NANOS_DIGITS; at++) value = value * 10 + chunk[at]! - ZERO
    info.timeUs = isLong ? value : 0
    for (value = 0, at = timeEnd + 1; at < end; at++) value = value * 10 + chunk[at]! - ZERO
    info.pending = value
    return info.sequence > 0 && info.deliverySequence > 0
  }

  /** `[<bytes of headers> ]<bytes>\r\n`: where headers and payload begin and the message ends. */
  #readBytes(chunk: Uint8Array, from: number, isHeaded: boolean): boolean {
    let at = from
    let headBytes = 0
    if (isHeaded) for (; at < chunk.length && chunk[at] !== SPACE; at++) headBytes = headBytes * 10 + chunk[at]! - ZERO
    if (isHeaded) at++
    let bytes = 0
    for (; at < chunk.length && chunk[at] !== CR; at++) bytes = bytes * 10 + chunk[at]! - ZERO
    if (chunk[at + 1] !== LF || !(bytes >= headBytes)) return false
    this.#headAt = at + 2
    this.#dataAt = at + 2 + headBytes
    this.#end = at + 2 + bytes + 2
    return true
  }

  #subjectOf(chunk: Uint8Array, from: number, end: number, hash: number): string {
    const known = this.#subjects.get(hash)
    if (known !== undefined && isSame(known.bytes, chunk, from, end)) return known.text
    const bytes = Uint8Array.prototype.slice.call(chunk, from, end)
    const text = decoder.decode(bytes)
    if (this.#subjects.size >= SUBJECTS_MAX) this.#subjects.clear()
    this.#subjects.set(hash, { bytes, text })
    return text
  }
}

function isSame(bytes: Uint8Array, chunk: Uint8Array, from: number, end: number): boolean {
  if (bytes.length !== end - from) return false
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== chunk[from + i]) return false
  return true
}
