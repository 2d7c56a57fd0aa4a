import { createHash } from 'node:crypto'
import { refuse } from '@contrail/contracts'
import type { ObjectStore } from '../bus/bus.ts'
import { partsOf, sharedOf, wholeOf } from './shared.ts'

/*
 * Bundles on the way and in the store, by the hash of the whole text. What many of them share is kept once, under its own
 * hash, and each of them names it in its first line: a save of a strategy of 5 kB is 5 kB.
 */
const NAMES = '//#shared '
const decoder = new TextDecoder()
const encoder = new TextEncoder()
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A bundle without what it shares, or the bundle itself when it shares nothing. */
export function thinOf(text: string): string {
  const parts = partsOf(text)
  return parts ? `${NAMES}${parts.sharedHash}\n${parts.author}` : text
}

/** The whole again. Undefined when the shared part is not to be had. */
export async function thicken(
  text: string,
  sharedBy: (hash: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!text.startsWith(NAMES)) return text
  const end = text.indexOf('\n')
  const hash = text.slice(NAMES.length, end)
  const known = sharedOf(hash)
  const shared = known ?? (await sharedBy(hash))
  if (shared === undefined || (known === undefined && hashOf(shared) !== hash)) return undefined
  return wholeOf(shared, text.slice(end + 1))
}

/** Shared parts that this process has put into the store. */
const stored = new WeakMap<ObjectStore, Set<string>>()

export async function putBundle(objects: ObjectStore, text: string): Promise<string> {
  const hash = hashOf(text)
  const parts = partsOf(text)
  if (parts) {
    const known = stored.get(objects) ?? new Set()
    if (!known.has(parts.sharedHash) && !(await objects.get(parts.sharedHash)))
      await objects.put(parts.sharedHash, encoder.encode(parts.shared))
    stored.set(objects, known.add(parts.sharedHash))
  }
  await objects.put(hash, encoder.encode(thinOf(text)))
  return hash
}

/** The whole text, or undefined when it is not there. Refused when it is not what its hash says. */
export async function getBundle(objects: ObjectStore, hash: string): Promise<string | undefined> {
  const data = await objects.get(hash)
  if (!data) return undefined
  const whole = await thicken(decoder.decode(data), async (its) => {
    const shared = await objects.get(its)
    return shared && decoder.decode(shared)
  })
  const found = whole === undefined ? 'nothing' : hashOf(whole)
  if (found !== hash)
    throw refuse(
      'forged_bundle',
      hash.slice(0, 12),
      found.slice(0, 12),
      'it is not what its hash says: deploy it again',
    )
  return whole
}
