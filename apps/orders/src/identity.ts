import { hash } from 'node:crypto'
import { id } from '@contrail/contracts'
import type { ClOrdId } from '@contrail/contracts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
/** With its first letter 30 in all: Delta takes 32 characters, Binance 36. */
const HASH_CHARACTERS = 29

/** What the venue sees of one attempt. From its cause, so that a restart makes the same one again. */
export function clOrdIdOf(tenant: string, orderId: string, attempt: number): ClOrdId {
  const digest = hash('sha256', `${tenant}|${orderId}|${attempt}`, 'buffer')
  let [text, bits, count] = ['q', 0, 0]
  for (let at = 0; text.length <= HASH_CHARACTERS; at++) {
    bits = ((bits << 8) | (digest[at] as number)) & 0xfff
    for (count += 8; count >= 5 && text.length <= HASH_CHARACTERS; count -= 5)
      text += BASE32[(bits >> (count - 5)) & 31] as string
  }
  return id<ClOrdId>(text, 'clOrdId')
}
