import type { DatabaseName, DbRole } from './names.ts'

export type Access = 'write' | 'read'

/**
 * Which service may do what in which database. `write` = it may change the tables that it is the writer of (see
 * WRITERS) and read the others; `read` = select; absent = it cannot even connect.
 */
export const GRANTS: Readonly<Record<DbRole, Partial<Record<DatabaseName, Access>>>> = {
  users: { user: 'write' },
  billing: { user: 'write' },
  strategies: { strategy: 'write', market: 'read' },
  recorder: { market: 'write' },
  engine: { strategy: 'read' },
  orders: { trade: 'write' },
  portfolio: { trade: 'write', user: 'read', market: 'read' },
  backoffice: { user: 'read', strategy: 'read', trade: 'read' },
}

/** The one service that writes a table. Those not named here belong to `others`. */
export const WRITERS: Readonly<Record<DatabaseName, { others: DbRole; tables: Readonly<Record<string, DbRole>> }>> = {
  user: { others: 'users', tables: {} },
  strategy: { others: 'strategies', tables: {} },
  market: { others: 'recorder', tables: {} },
  trade: {
    others: 'orders',
    tables: {
      ledger_accounts: 'portfolio',
      ledger_transactions: 'portfolio',
      ledger_entries: 'portfolio',
      positions: 'portfolio',
      fifo_lots: 'portfolio',
      portfolio_fills: 'portfolio',
      equity_points: 'portfolio',
    },
  },
}

/** Facts without an append-only trigger of their own (a trigger on a hypertable costs every row). */
const APPENDED: ReadonlySet<string> = new Set(['market.gaps', 'market.ticks', 'market.quotes'])

export function writerOf(database: DatabaseName, table: string): DbRole {
  const { others, tables } = WRITERS[database]
  return tables[table] ?? others
}

export type Privilege = 'select' | 'insert' | 'update' | 'delete'
export const PRIVILEGES: readonly Privilege[] = ['select', 'insert', 'update', 'delete']

/** Privileges of a role on a table. A table of facts takes rows and never gives them back. */
export function privilegesOf(role: DbRole, database: DatabaseName, table: string, appendOnly: boolean): Privilege[] {
  const access = GRANTS[role][database]
  if (!access) return []
  if (access === 'read' || writerOf(database, table) !== role) return ['select']
  return appendOnly || APPENDED.has(`${database}.${table}`) ? ['select', 'insert'] : [...PRIVILEGES]
}
