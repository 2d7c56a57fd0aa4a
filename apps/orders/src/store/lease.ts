import type { Writer } from './write.ts'

/** Takes the lease with the next epoch: at once when it is free, run out or ours by name, else says until when. */
export async function takeLease(
  writer: Writer,
  venue: string,
  holder: string,
  leaseMs: number,
): Promise<{ epoch: number } | { heldBy: string; waitMs: number }> {
  const { sql } = writer.database
  const { account, tenant } = writer
  const now = sql`(extract(epoch from clock_timestamp()) * 1000000)::bigint`
  const [taken] = await sql<{ epoch: number }[]>`
    insert into venue_leases as lease (venue, account, tenant_id, holder, epoch, expires_us)
    values (${venue}, ${account}, ${tenant}, ${holder}, 1, ${now} + ${leaseMs * 1000}::bigint)
    on conflict (venue, account) do update
      set holder = excluded.holder, epoch = lease.epoch + 1, expires_us = excluded.expires_us
      where lease.holder = excluded.holder or lease.expires_us < ${now}
    returning epoch`
  if (taken) return taken
  const [held] = await sql<{ holder: string; leftUs: number }[]>`
    select holder, expires_us - ${now} as "leftUs" from venue_leases where venue = ${venue} and account = ${account}`
  return { heldBy: held?.holder ?? 'nobody', waitMs: Math.max(10, (held?.leftUs ?? 0) / 1000) }
}

/** False: the epoch is over. */
export async function renewLease(writer: Writer, venue: string, epoch: number, leaseMs: number): Promise<boolean> {
  const rows = await writer.database.sql`
    update venue_leases
    set expires_us = (extract(epoch from clock_timestamp()) * 1000000)::bigint + ${leaseMs * 1000}::bigint
    where venue = ${venue} and account = ${writer.account} and epoch = ${epoch} returning 1`
  return rows.length === 1
}

/** A clean stop lets the next owner in at once. */
export async function releaseLease(writer: Writer, venue: string, epoch: number): Promise<void> {
  await writer.database.sql`
    update venue_leases set expires_us = 0
    where venue = ${venue} and account = ${writer.account} and epoch = ${epoch}`
}
