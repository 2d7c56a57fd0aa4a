import type { Logger, Reader } from '@contrail/runtime'
import type { StreamClient } from './client.ts'
import type { Facts } from './fact-streams.ts'
import { eventOf, LETTERS, RESUMED } from './topics.ts'
import type { Cursors, Letter, parseId } from './topics.ts'

/** Where each stream goes on for a client that was here before; what cannot be resumed is reset. */
export function planOf(
  known: ReturnType<typeof parseId>,
  facts: Pick<Facts, 'cursors' | 'incarnation'>,
): { cursors: Cursors; behind: Letter[]; lost: Letter[] } {
  const plan = { cursors: { ...facts.cursors }, behind: [] as Letter[], lost: [] as Letter[] }
  const remade = known?.incarnation !== undefined && known.incarnation !== facts.incarnation
  for (const letter of LETTERS) {
    const sequence = known?.cursors[letter]
    if (sequence === undefined) continue
    if (remade || sequence > facts.cursors[letter]) plan.lost.push(letter)
    else if (sequence < facts.cursors[letter]) {
      plan.cursors[letter] = sequence
      plan.behind.push(letter)
    }
  }
  return plan
}

export const resetEvent = (letter: Letter, reason: string) => eventOf('reset', { stream: RESUMED[letter], reason })

/** Reads what the client missed, in order, then hands it over to the shared reader: no gap, no repeat. */
export async function catchUp(client: StreamClient, letter: Letter, facts: Facts, log: Logger): Promise<void> {
  let reader: Reader | undefined
  let done = false
  const finish = () => {
    done = true
    client.joined.add(letter)
    void reader?.stop()
  }
  client.joined.delete(letter)
  try {
    reader = await facts.readFrom(
      letter,
      client.cursors[letter] + 1,
      (event, sequence) => {
        if (done) return undefined
        if (event) client.offer(event)
        else client.cursors[letter] = sequence
        // Both run on one thread: from here on the shared reader brings only what is newer.
        if (sequence >= facts.cursors[letter]) return finish()
        return client.drained()
      },
      (reason) => {
        client.cursors[letter] = facts.cursors[letter]
        client.offer(resetEvent(letter, reason))
        finish()
      },
    )
    if (done) await reader.stop()
    else client.whenClosed(finish)
  } catch (error) {
    log.warn({ err: error, stream: RESUMED[letter] }, 'catch-up failed')
    client.close('catch-up failed')
  }
}
