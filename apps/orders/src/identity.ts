import { createHash } from 'node:crypto'
import { id } from '@contrail/contracts'
import type { ClOrdId } from '@contrail/contracts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
/** With its first letter 30 in all: Delta takes 32 characters, Binance 36. */
const HASH_CHARACTERS = 29

/** What the venue sees of one attempt. From its cause, so that a restart makes the same one again. */
export function clOrdIdOf(tenant: string, orderId: string, attempt: number): ClOrdId {
  const hash = createHash('sha256').update(`${tenant}|${orderId}|${attempt}`).digest()
  let bits = 0n
  for (const byte of hash) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let at = 0; at < HASH_CHARACTERS; at++) text += BASE32[Number((bits >> BigInt(251 - 5 * at)) & 31n)] as string
  return id<ClOrdId>(`q${text}`, 'clOrdId')
}
