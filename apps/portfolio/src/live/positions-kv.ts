import { encodeJson, positionSchema } from '@contrail/contracts'
import type { PositionValue } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import { crashPoint, WrongLastSequence } from '@contrail/runtime'
import type { KvBucket, KvEntry, StreamState } from '@contrail/runtime'
import { kvKey } from '../books/keys.ts'
import type { Place, PositionKey } from '../books/keys.ts'
import { keyOf, positionValue, readPosition } from '../books/positions.ts'
import type { PositionRow } from '../books/positions.ts'

/** Another process writes the same key; each try reads what it wrote. */
const TRIES_MAX = 20

/** Which facts of TRADES a value may be ahead of the books by; `own` is the one that the caller is done with. */
type Facts = Pick<StreamState, 'incarnation' | 'lastSequence'> & { readonly own?: number }
const NO_FACTS: Facts = { incarnation: '', lastSequence: 0 }

/**
 * KV `positions`, for eyes: the fold of the fills in TRADES, each value with the sequence that it is folded through.
 *
 * A fill is flushed to disk in TRADES before it comes here, and the position after it is a pure function of such facts.
 * So the value need not wait for the books: it leaves at once and Postgres commits beside it (`showFolded`). What keeps
 * it right:
 * - It is written by compare-and-set over the value of the very row it was folded from. A copy that missed something,
 *   because it slept or because there are two, is refused.
 * - Its message is acknowledged only after the commit. Whoever handles the message, here or after a crash, ends by
 *   making the key what Postgres says: by `show` when it is booked, by `putBack` when it is given up.
 * - All other writes say what Postgres says, read after the revision they replace, and leave a value alone that is folded
 *   through a fact that is not booked and not theirs: somebody has that in hand.
 * - At a start every key is held against the books. What is ahead of them then waits for its redelivery, and is put
 *   right if none has come by the second look (`lookAgain`).
 */
export function createPositionsKv(bucket: KvBucket, sql: Sql) {
  /** Under which revision a row is shown. Nobody has written since, or the next write of ours is refused. */
  const revisions = new WeakMap<PositionRow, number>()
  /** Ends, and never fails, when the server has answered. */
  const leaving = new WeakMap<PositionRow, Promise<void>>()
  const ahead = new Map<string, { readonly key: PositionKey; readonly mark: string }>()

  /** The row after the next fill, while it is being booked. May be refused or lost: `show` will see. */
  function showFolded(row: PositionRow, from: PositionRow): void {
    const revision = revisions.get(from)
    // Folded through no newer fact, nobody could tell that it is ahead.
    if (revision === undefined || (row.incarnation === from.incarnation && row.sequence <= from.sequence)) return
    const written = (answer: number): void => {
      revisions.set(row, answer)
      crashPoint('portfolio.shown_before_booked')
    }
    try {
      const put = bucket.update(kvKey(keyOf(row)), encoded(row), revision)
      leaving.set(
        row,
        put.then(written, () => undefined),
      )
    } catch {
      // A row that cannot be shown: `show` meets the same fault, and tells it.
    }
  }

  /** What the message at `place` led to is committed. */
  async function show(row: PositionRow, place: Place): Promise<void> {
    await leaving.get(row)
    if (!revisions.has(row)) await agree(keyOf(row), factsOf(place), { wanted: row })
  }

  /** The message at `place` is given up: what was shown of it is not in the books and never will be. */
  async function putBack(key: PositionKey, place: Place): Promise<void> {
    await agree(key, factsOf(place))
  }

  /**
   * Makes a key what Postgres says, and gives undefined; or leaves it to those who are ahead, and gives a mark of that.
   * Revision before row: whoever commits in between also writes, and our compare-and-set then fails.
   */
  async function agree(
    key: PositionKey,
    facts: Facts,
    options: { readonly wanted?: PositionRow; readonly doubted?: string } = {},
  ): Promise<string | undefined> {
    const name = kvKey(key)
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const entry = await bucket.get(name)
      const row = await readPosition(sql, key)
      if (!row) return undefined
      const mark = `${entry?.revision} ${row.sequence} ${row.fills}`
      if (entry?.value && mark !== options.doubted && isAhead(entry.value, row, facts)) return mark
      const revision = await replace(name, entry, encoded(row))
      if (revision === undefined) continue
      const { wanted } = options
      if (wanted && encoded(wanted).equals(encoded(row))) revisions.set(wanted, revision)
      return undefined
    }
    throw new Error(`position ${name} could not be written: ${TRIES_MAX} times another writer was faster`)
  }

  /** The revision under which the value stands, or undefined when another was faster. */
  async function replace(name: string, entry: KvEntry | undefined, value: Uint8Array): Promise<number | undefined> {
    if (entry?.value && Buffer.from(entry.value).equals(value)) return entry.revision
    try {
      return await (entry ? bucket.update(name, value, entry.revision) : bucket.create(name, value))
    } catch (error) {
      if (error instanceof WrongLastSequence) return undefined
      throw error
    }
  }

  /** Makes the bucket what Postgres says. Counts values that differed, that should not be there, and that are ahead. */
  async function rebuild(tenant: string, facts: Facts = NO_FACTS) {
    const rows = await sql<PositionRow[]>`select * from positions where tenant_id = ${tenant}`
    const missing = new Map(rows.map((row) => [kvKey(keyOf(row)), row]))
    let [written, removed] = [0, 0]
    for (const name of await bucket.keys()) {
      const { value } = (await bucket.get(name)) ?? {}
      const row = missing.get(name)
      if (value && row && encoded(row).equals(value)) missing.delete(name)
      else if (value && !row && (await isGhost(value, tenant))) {
        await bucket.delete(name)
        removed++
      }
    }
    for (const [name, row] of missing) {
      const mark = await agree(keyOf(row), facts)
      if (mark === undefined) written++
      else ahead.set(name, { key: keyOf(row), mark })
    }
    return { written, removed, ahead: ahead.size }
  }

  /** Keys that were ahead at the start: those whose fact still has not come are put right. Gives how many are left. */
  async function lookAgain(factsNow: () => Promise<Facts | undefined>): Promise<number> {
    const facts = ahead.size > 0 ? await factsNow() : undefined
    for (const [name, { key, mark: doubted }] of ahead) {
      const mark = await agree(key, facts ?? NO_FACTS, { doubted })
      if (mark === undefined) ahead.delete(name)
      else ahead.set(name, { key, mark })
    }
    return ahead.size
  }

  /** Of this tenant, and of no position: one that was made just now is no ghost. */
  async function isGhost(value: Uint8Array, tenant: string): Promise<boolean> {
    const shown = parsed(value)
    return shown?.tenant === tenant && (await readPosition(sql, shown)) === undefined
  }

  return { showFolded, show, putBack, rebuild, lookAgain }
}
export type PositionsKv = ReturnType<typeof createPositionsKv>

const encoded = (row: PositionRow): Buffer => Buffer.from(encodeJson(positionValue(row)))
const factsOf = ({ incarnation, sequence }: Place): Facts => ({ incarnation, lastSequence: Infinity, own: sequence })

/** Folded through a fact of this stream that the row does not hold. */
function isAhead(value: Uint8Array, row: PositionRow, { incarnation, lastSequence, own }: Facts): boolean {
  const shown = parsed(value)
  if (shown?.incarnation !== incarnation || shown.sequence > lastSequence || shown.sequence === own) return false
  return row.incarnation !== incarnation || shown.sequence > row.sequence
}

/** Undefined for a value that is not ours to judge. */
function parsed(value: Uint8Array): PositionValue | undefined {
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(value).toString()))
  } catch {
    return undefined
  }
}
