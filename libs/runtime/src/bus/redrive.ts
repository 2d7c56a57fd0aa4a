import { deadLetterSchema, decodeJson, encodeJson, refuse } from '@contrail/contracts'
import type { DeadLetter } from '@contrail/contracts'
import { WrongLastSequence } from './bus.ts'
import type { Bus, BusMessage } from './bus.ts'

/** Dead letters and their returns are in one stream. */
export const REDRIVE_STREAM = 'DLQ'
export const redriveDurable = (stream: string, durable: string): string => `redrive_${stream}_${durable}`
export const redriveSubject = (stream: string, durable: string, letter: number | '*'): string =>
  `redrive.${stream}.${durable}.${letter}`

export async function letterAt(bus: Bus, deadLetterSequence: number): Promise<DeadLetter> {
  const message = await bus.getMessage(REDRIVE_STREAM, deadLetterSequence)
  if (!message || !message.subject.startsWith('dlq.'))
    throw refuse('not_found', 'deadLetter', deadLetterSequence, 'list the dead letters and give the sequence of one')
  return decodeJson(deadLetterSchema, message.data, 'deadLetter')
}

/**
 * Puts a dead letter back to the consumer that could not handle it, once for ever: the return has a subject of its own
 * per letter, and is refused when that subject is taken. The fact's own subject is not written again, because it has
 * one writer, who fences by its last sequence.
 */
export async function redrive(bus: Bus, deadLetterSequence: number): Promise<DeadLetter> {
  const letter = await letterAt(bus, deadLetterSequence)
  const subject = redriveSubject(letter.stream, letter.consumer, deadLetterSequence)
  try {
    await bus.publish(subject, encodeJson(letter), { expectedLastSubjectSequence: 0 })
  } catch (error) {
    if (!(error instanceof WrongLastSequence)) throw error
    throw refuse('already_redriven', 'deadLetter', deadLetterSequence, 'it was put back before; once is enough')
  }
  return letter
}

/** The original message, as it was when it failed. */
export function letterOf(message: BusMessage): BusMessage {
  const letter = decodeJson(deadLetterSchema, message.data, 'deadLetter')
  return {
    subject: letter.subject,
    data: new Uint8Array(Buffer.from(letter.data, 'base64')),
    stream: letter.stream,
    sequence: letter.sequence,
    timeUs: message.timeUs,
    headers: { 'Contrail-Redriven': String(message.sequence) },
  }
}
