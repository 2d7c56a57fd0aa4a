import { deadLetterSchema, decodeJson } from '@contrail/contracts'
import type { DeadLetter } from '@contrail/contracts'
import type { Bus } from '@contrail/runtime'
import { connection } from './home.ts'

export type Letter = DeadLetter & { readonly letter: number; readonly putBack: boolean }

/** Of the stream of dead letters at most so many messages are looked at, the newest. */
const LOOKED_AT_MAX = 1_000

/** What was given up and what of it was put back, newest first: returns lie in the same stream, by number of the letter. */
export async function lettersOf(bus: Bus): Promise<Letter[]> {
  const state = await bus.streamState('DLQ')
  const letters: Letter[] = []
  const returned = new Set<string>()
  if (!state) return letters
  const first = Math.max(state.firstSequence, state.lastSequence - LOOKED_AT_MAX + 1, 1)
  for (let sequence = state.lastSequence; sequence >= first; sequence--) {
    const message = await bus.getMessage('DLQ', sequence)
    if (message?.subject.startsWith('redrive.')) returned.add(message.subject.split('.').at(-1) as string)
    if (!message?.subject.startsWith('dlq.')) continue
    const letter = decodeJson(deadLetterSchema, message.data, 'deadLetter')
    letters.push({ ...letter, letter: sequence, putBack: returned.has(String(sequence)) })
  }
  return letters
}

/** The bus of the operator of this home. */
export async function withBus<T>(use: (bus: Bus) => Promise<T>): Promise<T> {
  const { connectNats } = await import('@contrail/runtime')
  const bus = await connectNats({ url: connection('operatorNatsUrl'), name: 'cli' })
  try {
    return await use(bus)
  } finally {
    await bus.close()
  }
}
