import { drizzle } from 'drizzle-orm/postgres-js'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { refuse } from '@contrail/contracts'
import { registerArrayTypes } from './array-types.ts'
import type { TypeOptions } from './array-types.ts'
import { guardedSocket } from './guarded-socket.ts'

/** Every statement ends by then; a longer one is a fault, not patience. */
const STATEMENT_TIMEOUT_MS = 15_000
/** A transaction that was left open by a bug lets go of its locks. */
const IDLE_TRANSACTION_TIMEOUT_MS = 30_000
const CONNECTIONS_MAX = 5
const CONNECT_TIMEOUT_SECONDS = 10
/**
 * The driver writes 1,024 bytes and more at once, and less in a moment: which, after a connection that was lost at the
 * wrong moment, never comes (porsager/postgres#1215). So the first message of a connection is that long.
 */
const START_PADDING = '.'.repeat(1024)
/** Never reached: at the limit the driver would not keep a connection for its transaction (porsager/postgres#1189). */
const PIPELINE_MAX = 1_000_000
/** An option that the driver's types leave out. */
const UNTYPED = { max_pipeline: PIPELINE_MAX }

export type Sql = postgres.Sql<{ bigint: number }>
/** What runs a statement: the pool, or the transaction in hand. */
export type SqlRunner = Sql | postgres.TransactionSql<{ bigint: number }>
export type Transaction = postgres.TransactionSql<{ bigint: number }>

export type Database = {
  /** Tagged templates; NUMERIC comes as a string, BIGINT as a whole number. */
  readonly sql: Sql
  readonly orm: PostgresJsDatabase
  close(): Promise<void>
}

export type OpenOptions = {
  max?: number
  /** Shown in pg_stat_activity. */
  name?: string
  /** Rows of other tenants do not exist on these connections. Without it no row of any tenant does. */
  tenant?: string
  statementTimeoutMs?: number
}

export function openDatabase(url: string, options: OpenOptions = {}): Database {
  const sql: Sql = postgres(url, {
    ...(isTls(url) ? {} : { socket: guardedSocket }),
    max: options.max ?? CONNECTIONS_MAX,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    ...UNTYPED,
    fetch_types: false,
    types: { bigint: { to: 20, from: [20], serialize: String, parse: wholeNumber } },
    onnotice: () => undefined,
    connection: {
      application_name: options.name ?? 'contrail',
      statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
      'app.padding': START_PADDING,
      ...(options.tenant === undefined ? {} : { 'app.tenant': options.tenant }),
    },
  })
  const orm = drizzle(sql)
  const types = sql.options as unknown as TypeOptions
  // Drizzle hands JSON over as text and switches the driver's own serialiser off; raw statements give objects.
  for (const type of [JSON_TYPE, JSONB_TYPE]) types.serializers[type] = jsonText
  registerArrayTypes(types)
  return { sql, orm, close: () => sql.end({ timeout: 5 }) }
}

/** One transaction for one tenant, on a pool that serves several. The setting ends with the transaction. */
export async function withTenant<T>(sql: Sql, tenant: string, run: (tx: Transaction) => Promise<T>): Promise<T> {
  const result = await sql.begin(async (tx) => {
    await tx`select set_config('app.tenant', ${tenant}, true)`
    return { value: await run(tx) }
  })
  return result.value
}

/** The guard reads the protocol in the clear; over TLS the driver is on its own. */
const isTls = (url: string): boolean => /[?&](ssl|sslmode)=(?!disable|false)/.test(url)

const JSON_TYPE = 114
const JSONB_TYPE = 3802
const jsonText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw refuse('too_large', 'bigint', text, 'keep whole numbers below 2^53')
  return value
}
