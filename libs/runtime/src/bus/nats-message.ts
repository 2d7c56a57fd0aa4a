import type { Msg } from '@nats-io/transport-node'
import type { BusMessage } from './bus.ts'

export const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

export function headerRecord(message: Msg): Readonly<Record<string, string>> {
  const all = message.headers
  if (!all) return NO_HEADERS
  const out: Record<string, string> = {}
  for (const [key, values] of all) out[key] = values[0] ?? ''
  return out
}

export type DeliveryInfo = {
  /** How often the server has delivered it; 1 = the first time. */
  deliveries: number
  sequence: number
  deliverySequence: number
  timeUs: number
  pending: number
}

/** A domain's replies end in a token that is no number; the plain form has nine words. */
export const hasTail = (reply: string): boolean => reply.split('.').length === 12

let at = 0
/** The integer that ends at `at`; moves `at` before its dot. */
function takeNumber(text: string): number {
  let value = 0
  let scale = 1
  for (at--; at >= 0; at--) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0) break
    value += digit * scale
    scale *= 10
  }
  return value
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery sequence>.<time ns>.<pending>`, or, with a domain,
 * `$JS.ACK.<domain>.<account>.<stream>.<consumer>.….<pending>.<token>`. Read from the end, without a split: it is done
 * for every message. Nanoseconds exceed a double: their last three digits are left out.
 */
export function deliveryInfo(reply: string, tail = hasTail(reply)): DeliveryInfo {
  at = tail ? reply.lastIndexOf('.') : reply.length
  const pending = takeNumber(reply)
  const dot = reply.lastIndexOf('.', at - 1)
  const long = at - dot > 4
  if (long) at -= 3
  const time = takeNumber(reply)
  const deliverySequence = takeNumber(reply)
  const sequence = takeNumber(reply)
  const deliveries = takeNumber(reply)
  return { deliveries, sequence, deliverySequence, timeUs: long ? time : 0, pending }
}

export function busMessage(message: Msg, stream: string, info: DeliveryInfo): BusMessage {
  return {
    subject: message.subject,
    data: message.data,
    stream,
    sequence: info.sequence,
    timeUs: info.timeUs,
    headers: headerRecord(message),
  }
}

type Stored = { message: { subject: string; seq: number; data?: string; hdrs?: string; time: string } }

/** A message as the leader's `STREAM.MSG.GET` gives it. */
export function storedMessage(stream: string, { message }: Stored): BusMessage {
  return {
    subject: message.subject,
    data: message.data === undefined ? new Uint8Array() : new Uint8Array(Buffer.from(message.data, 'base64')),
    stream,
    sequence: message.seq,
    timeUs: usOfRfc3339(message.time),
    headers:
      message.hdrs === undefined ? NO_HEADERS : parseHeaders(Buffer.from(message.hdrs, 'base64').toString('utf8')),
  }
}

/** As the client reads them: of several values the first. */
export function parseHeaders(text: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const line of text.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon > 0) out[line.slice(0, colon)] ??= line.slice(colon + 1).trim()
  }
  return out
}

/** RFC 3339 with up to nine digits of a second. */
export function usOfRfc3339(time: string): number {
  const match = /^(.*?)(?:\.(\d+))?Z$/.exec(time)
  const fraction = (match?.[2] ?? '').slice(0, 6).padEnd(6, '0')
  return Date.parse(`${match?.[1] ?? time}Z`) * 1000 + Number(fraction)
}
