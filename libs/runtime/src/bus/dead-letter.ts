import { encodeJson } from '@contrail/contracts'
import type { DeadLetter, Us } from '@contrail/contracts'
import { maskText } from '../secrets.ts'
import type { BusMessage } from './bus.ts'

/** The largest payload that is copied into a dead letter; base64 adds a third and a message may have 1 MiB. */
const LETTER_BYTES_MAX = 700_000
const CAUSE_CHARACTERS_MAX = 2000

export function letterFor(
  message: BusMessage,
  consumer: string,
  cause: Error,
  attempts: number,
  nowUs: number,
): Uint8Array {
  const whole = message.data.length <= LETTER_BYTES_MAX
  const note = whole ? '' : ` (data left out: ${message.data.length} bytes; see the stream)`
  const letter: DeadLetter = {
    schema: 1,
    stream: message.stream,
    consumer,
    subject: message.subject,
    sequence: message.sequence,
    cause: describe(cause) + note,
    attempts,
    data: whole ? Buffer.from(message.data).toString('base64') : '',
    atUs: nowUs as Us,
  }
  return encodeJson(letter)
}

/** The error and what caused it, without stacks and without credentials. */
function describe(error: Error): string {
  const parts: string[] = []
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause)
    parts.push(`${at.name}: ${maskText(at.message)}`)
  return parts.join(' <- ').slice(0, CAUSE_CHARACTERS_MAX)
}
