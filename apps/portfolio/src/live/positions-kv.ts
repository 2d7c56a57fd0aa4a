import { encodeJson, positionSchema } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import { WrongLastSequence } from '@contrail/runtime'
import type { KvBucket } from '@contrail/runtime'
import { kvKey } from '../books/keys.ts'
import { keyOf, positionValue, readPosition } from '../books/positions.ts'
import type { PositionRow } from '../books/positions.ts'

/** Another process writes the same key; each try reads what it wrote. */
const TRIES_MAX = 20

/** KV `positions`: what Postgres says, for eyes. Written by compare-and-set, so that an older row never covers a newer. */
export function createPositionsKv(bucket: KvBucket, sql: Sql) {
  const revisions = new Map<string, number>()
  const prepared = new WeakMap<PositionRow, Uint8Array>()
  const encoded = (row: PositionRow): Uint8Array => prepared.get(row) ?? encodeJson(positionValue(row))

  /** With the revision known from our own last write first; when that is stale, with a fresh row and revision. */
  async function write(row: PositionRow): Promise<void> {
    const key = kvKey(keyOf(row))
    let current = row
    let revision = revisions.get(key)
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      try {
        if (revision === undefined) ({ row: current, revision } = await look(key, current))
        const value = encoded(current)
        revisions.set(key, await (revision === 0 ? bucket.create(key, value) : bucket.update(key, value, revision)))
        return
      } catch (error) {
        if (!(error instanceof WrongLastSequence)) throw error
        revision = undefined
      }
    }
    revisions.delete(key)
    throw new Error(`position ${key} could not be written: ${TRIES_MAX} times another writer was faster`)
  }

  /** Revision before row: whoever commits in between also writes, and our compare-and-set then fails. */
  async function look(key: string, row: PositionRow) {
    const entry = await bucket.get(key)
    return { revision: entry?.revision ?? 0, row: (await readPosition(sql, keyOf(row))) ?? row }
  }

  /** Makes the bucket what Postgres says; gives the number of values that differed or should not be there. */
  async function rebuild(tenant: string): Promise<{ written: number; removed: number }> {
    const rows = await sql<PositionRow[]>`select * from positions where tenant_id = ${tenant}`
    const wanted = new Map(rows.map((row) => [kvKey(keyOf(row)), row]))
    let [written, removed] = [0, 0]
    for (const key of await bucket.keys()) {
      const entry = await bucket.get(key)
      if (!entry?.value) continue
      const row = wanted.get(key)
      revisions.set(key, entry.revision)
      if (row && same(entry.value, row)) wanted.delete(key)
      else if (!row && tenantOf(entry.value) === tenant) {
        await bucket.delete(key)
        revisions.delete(key)
        removed++
      }
    }
    for (const row of wanted.values()) {
      await write(row)
      written++
    }
    return { written, removed }
  }

  /** The work of `write` that can be done before the row is committed. Writes nothing. */
  const prepare = (row: PositionRow): void => {
    try {
      prepared.set(row, encoded(row))
    } catch {
      prepared.delete(row) // `write` will meet the same fault, and tells it
    }
  }

  return { write, prepare, rebuild }
}
export type PositionsKv = ReturnType<typeof createPositionsKv>

const same = (value: Uint8Array, row: PositionRow): boolean =>
  Buffer.from(value).equals(Buffer.from(encodeJson(positionValue(row))))

/** Undefined for a value that is not ours to judge. */
function tenantOf(value: Uint8Array): string | undefined {
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(value).toString())).tenant
  } catch {
    return undefined
  }
}
