import { refuse } from '@contrail/contracts'
import type { Sql } from './database.ts'

/** A committed row must survive a power cut; a server with one of these off acknowledges what it may lose. */
const DURABLE = ['fsync', 'full_page_writes', 'synchronous_commit'] as const

/** Refuses a server that may lose what it acknowledged. `allowUnsafe` is for test servers only. */
export async function assertDurable(sql: Sql, options: { allowUnsafe?: boolean } = {}): Promise<void> {
  const rows = await sql<{ name: string; setting: string }[]>`
    select name, setting from pg_settings where name in ${sql([...DURABLE])}`
  const unsafe = rows.filter((row) => row.setting === 'off' || row.setting === 'local')
  if (unsafe.length === 0 || options.allowUnsafe) return
  const found = unsafe.map((row) => `${row.name}=${row.setting}`).join(', ')
  throw refuse('not_durable', 'postgres', found, 'set it to "on": money facts must survive a power cut')
}
