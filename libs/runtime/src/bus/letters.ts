import { check, decodeJson, deadLetterSchema, encodeJson, laidAsideSchema, refuse } from '@contrail/contracts'
import type { DeadLetter, LaidAside } from '@contrail/contracts'
import { WrongLastSequence } from './bus.ts'
import type { Bus } from './bus.ts'
import { letterAt, REDRIVE_STREAM } from './redrive.ts'

export type Letter = DeadLetter & {
  readonly letter: number
  readonly putBack: boolean
  readonly laidAside?: LaidAside
}

/** Of the stream of dead letters at most so many messages are looked at, the newest. */
const LOOKED_AT_MAX = 1_000

/** What was given up and what became of it, newest first: returns and what a person said lie in the same stream. */
export async function lettersOf(bus: Bus): Promise<Letter[]> {
  const state = await bus.streamState(REDRIVE_STREAM)
  const letters: Letter[] = []
  const returned = new Set<number>()
  const aside = new Map<number, LaidAside>()
  if (!state) return letters
  const first = Math.max(state.firstSequence, state.lastSequence - LOOKED_AT_MAX + 1, 1)
  for (let sequence = state.lastSequence; sequence >= first; sequence--) {
    const message = await bus.getMessage(REDRIVE_STREAM, sequence)
    if (!message) continue
    const about = Number(message.subject.split('.').at(-1))
    if (message.subject.startsWith('redrive.')) returned.add(about)
    if (message.subject.startsWith('aside.')) aside.set(about, decodeJson(laidAsideSchema, message.data, 'laidAside'))
    if (!message.subject.startsWith('dlq.')) continue
    const letter = decodeJson(deadLetterSchema, message.data, 'deadLetter')
    const laidAside = aside.get(sequence)
    letters.push({ ...letter, letter: sequence, putBack: returned.has(sequence), ...(laidAside && { laidAside }) })
  }
  return letters
}

/** It stays where it is, with who said why and when; it can still be put back. Once for ever, like a return. */
export async function layAside(
  bus: Bus,
  letter: number,
  { by, reason, atUs }: { by: string; reason: string; atUs: number },
): Promise<LaidAside> {
  const said = check(laidAsideSchema, { schema: 1, letter, by, reason, atUs }, 'laidAside')
  const { stream, consumer } = await letterAt(bus, letter)
  try {
    await bus.publish(`aside.${stream}.${consumer}.${letter}`, encodeJson(said), { expectedLastSubjectSequence: 0 })
  } catch (error) {
    if (!(error instanceof WrongLastSequence)) throw error
    throw refuse('already_laid_aside', 'deadLetter', letter, 'it was laid aside before; once is enough')
  }
  return said
}
