import type { PlaceIntent } from '@contrail/contracts'
import type { PlaceRequest } from '@contrail/trading'
import { firstAttempt, freshHeld } from '../account/held.ts'
import type { Attempt, Cursor, Head, Held } from '../account/held.ts'
import { Fenced } from './write.ts'
import type { Writer } from './write.ts'

/**
 * What `orders` and `decision_heads` are made of, as far as the attempt does not say it. The request waits for it: it is
 * kept small.
 */
type StoredHead = {
  readonly intent: PlaceIntent
  /** Control, limit, found. All passed, for it is sent. */
  readonly checks: readonly (readonly [string, string, string])[]
  readonly source: Cursor
  readonly decidedUs: number
  readonly mark: Head
}

/**
 * The request waits for this one row and no other: it holds all that the others are made of, so that they are written
 * with the answer.
 */
export async function writeFirst(writer: Writer, venue: string, epoch: number, held: Held): Promise<void> {
  const { sql } = writer.database
  const { head, attempts, unwritten } = held
  const [attempt] = attempts
  if (!attempt || !unwritten) throw new Error(`${head.orderId} is not a new order`)
  const { account, tenant } = writer
  const written = await sql`
    insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body,
      valid_until_us, created_us, head)
    select ${head.orderId}, ${attempt.attempt}::int, ${tenant}, ${account}, ${attempt.kind}, ${attempt.clOrdId},
      ${attempt.epoch}::bigint, ${attempt.state}, ${sql.json(attempt.body as never)}::jsonb,
      ${attempt.validUntilUs}::bigint, ${attempt.createdUs}::bigint, ${headText(held, unwritten)}
    from venue_leases where venue = ${venue} and account = ${account} and epoch = ${epoch}::bigint for share`
  if (written.count === 0) throw new Fenced(`${venue}/${account}: epoch ${epoch} is over`)
}

function headText({ head: { intent, checks, source, decidedUs } }: Held, mark: Head): string {
  const small: StoredHead['checks'] = checks.map(({ control, limit, found }) => [control, limit, found])
  return JSON.stringify({ intent, checks: small, source, decidedUs, mark } satisfies StoredHead)
}

type Row = Attempt & { readonly orderId: string; readonly storedHead: string }

/** Orders of which a crash left the first attempt alone. */
export async function loadUnwritten({ database, account }: Writer): Promise<Held[]> {
  const rows = await database.sql<Row[]>`
    select order_id as "orderId", attempt, kind, cl_ord_id as "clOrdId", state, epoch, body,
      valid_until_us as "validUntilUs", created_us as "createdUs", head as "storedHead"
    from order_attempts a
    where account = ${account} and state in ('persisted', 'unknown') and head is not null
      and not exists (select 1 from orders o where o.order_id = a.order_id)
    order by created_us`
  return rows.map(({ orderId, storedHead, ...attempt }) => {
    const { mark, intent, checks: small, source, decidedUs } = JSON.parse(storedHead) as StoredHead
    const { strategy } = mark
    const { venue, instrument } = intent
    const checks = small.map(([control, limit, found]) => ({ control, limit, found, passed: true }))
    const request = attempt.body as PlaceRequest
    const what = { orderId, account, strategy, venue, instrument, intent, request, checks, source }
    return firstAttempt(freshHeld({ ...what, decidedUs, createdUs: attempt.createdUs }), attempt, mark)
  })
}
