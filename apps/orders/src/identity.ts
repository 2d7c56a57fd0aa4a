import { hash } from 'node:crypto'
import { id } from '@contrail/contracts'
import type { ClOrdId } from '@contrail/contracts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
/** With its first letter 30 in all: Delta takes 32 characters, Binance 36. */
const HASH_CHARACTERS = 29

/** Most that are kept of those made ahead: one of a strategy, usually. */
const AHEAD_MAX = 1000
const ahead = new Map<string, ClOrdId>()

/** Makes an id that will probably be asked for, while nobody waits: the hash takes as long as all of the gate. */
export function makeAhead(tenant: string, orderId: string): void {
  if (ahead.size >= AHEAD_MAX) ahead.clear()
  const name = `${tenant}|${orderId}|1`
  ahead.set(name, hashed(name))
}

/** What the venue sees of one attempt. From its cause, so that a restart makes the same one again. */
export function clOrdIdOf(tenant: string, orderId: string, attempt: number): ClOrdId {
  const name = `${tenant}|${orderId}|${attempt}`
  const made = ahead.get(name)
  if (made !== undefined && ahead.delete(name)) return made
  return hashed(name)
}

function hashed(name: string): ClOrdId {
  const digest = hash('sha256', name, 'buffer')
  let [text, bits, count] = ['q', 0, 0]
  for (let at = 0; text.length <= HASH_CHARACTERS; at++) {
    bits = ((bits << 8) | (digest[at] as number)) & 0xfff
    for (count += 8; count >= 5 && text.length <= HASH_CHARACTERS; count -= 5)
      text += BASE32[(bits >> (count - 5)) & 31] as string
  }
  return id<ClOrdId>(text, 'clOrdId')
}
