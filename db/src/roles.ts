import { refuse } from '@contrail/contracts'
import type { Sql, SqlRunner } from './database.ts'
import { GRANTS, privilegesOf, WRITERS } from './grants.ts'
import { DB_ROLES } from './names.ts'
import type { DatabaseName, DbRole } from './names.ts'

export const roleName = (prefix: string, role: DbRole): string => `${prefix}_${role}`

const PASSWORD_LENGTH_MIN = 12

/** Makes the roles or sets their passwords anew. None has a default password, none owns anything. */
export async function applyRoles(sql: Sql, prefix: string, passwords: Record<DbRole, string>): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('contrail_roles'))`
    for (const role of DB_ROLES) {
      const password = passwords[role]
      if (!password || password.length < PASSWORD_LENGTH_MIN)
        throw refuse('weak_password', `passwords.${role}`, '***', `give at least ${PASSWORD_LENGTH_MIN} characters`)
      const name = roleName(prefix, role)
      const [found] = await tx`select 1 from pg_roles where rolname = ${name}`
      const verb = found ? 'alter' : 'create'
      const rights = 'login nosuperuser nocreatedb nocreaterole noinherit nobypassrls noreplication'
      await tx.unsafe(`${verb} role ${quote(name)} with ${rights} password ${await literal(tx, password)}`)
    }
  })
}

/** Nobody connects but the roles of this database. Not part of a template's copy, so it is said for each database. */
export async function grantConnect(sql: SqlRunner, prefix: string, database: DatabaseName, name: string) {
  const roles = DB_ROLES.filter((role) => GRANTS[role][database]).map((role) => quote(roleName(prefix, role)))
  await sql.unsafe(`revoke all on database ${quote(name)} from public`)
  await sql.unsafe(`grant connect on database ${quote(name)} to ${roles.join(', ')}`)
}

export type TableRow = {
  readonly table: string
  readonly append_only: boolean
  /** Name of the column that holds the tenant. */
  readonly tenant: string | null
  readonly sequences: string[]
}

/**
 * Sets the whole of what each role may do, from the table in grants.ts; and row-level security, forced, on every table
 * with a tenant. Derived from the catalogue, so that a new table cannot be forgotten.
 */
export async function secureTables(sql: Sql, prefix: string, database: DatabaseName): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('contrail_secure'))`
    await tx.unsafe('revoke all on schema public from public')
    await tx.unsafe('revoke execute on all functions in schema public from public')
    const tables = await listTables(tx)
    for (const { table, tenant } of tables) if (tenant) await isolateTenants(tx, table, tenant)
    for (const role of DB_ROLES) await grantRole(tx, prefix, role, database, tables)
  })
}

/** Tables of ours, without partitions: these are reached through their parent. */
export async function listTables(sql: SqlRunner): Promise<TableRow[]> {
  return await sql<TableRow[]>`
    select c.relname as table,
      exists (select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'append_only') as append_only,
      (select a.attname from pg_attribute a
        where a.attrelid = c.oid and a.attname in ('tenant_id', 'tenant') and not a.attisdropped limit 1) as tenant,
      array(select s.relname::text from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
        where d.refobjid = c.oid and d.deptype in ('a', 'i')) as sequences
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'contrail_migrations'
      and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 1`
}

async function isolateTenants(tx: SqlRunner, table: string, column: string): Promise<void> {
  const name = quote(table)
  await tx.unsafe(`alter table ${name} enable row level security`)
  await tx.unsafe(`alter table ${name} force row level security`)
  await tx.unsafe(`drop policy if exists tenant on ${name}`)
  const setting = `current_setting('app.tenant', true)`
  const own = (value: string) => `(${quote(column)} = ${value})`
  // Read once for a scan, however long; a row that is written is looked at alone, and a sub-select costs it more.
  await tx.unsafe(`create policy tenant on ${name} using ${own(`(select ${setting})`)} with check ${own(setting)}`)
}

async function grantRole(
  tx: SqlRunner,
  prefix: string,
  role: DbRole,
  database: DatabaseName,
  tables: readonly TableRow[],
): Promise<void> {
  const name = quote(roleName(prefix, role))
  await tx.unsafe(`revoke all on all tables in schema public from ${name}`)
  await tx.unsafe(`revoke all on all sequences in schema public from ${name}`)
  await tx.unsafe(`revoke all on all functions in schema public from ${name}`)
  await tx.unsafe(`revoke all on schema public from ${name}`)
  if (!GRANTS[role][database]) return
  await tx.unsafe(`grant usage on schema public to ${name}`)
  await tx.unsafe(`grant execute on all functions in schema public to ${name}`)
  if (WRITERS[database].others !== role) await revokeDefinerFunctions(tx, name)
  for (const { table, append_only, sequences } of tables) {
    const privileges = privilegesOf(role, database, table, append_only)
    if (privileges.length > 0) await tx.unsafe(`grant ${privileges.join(', ')} on ${quote(table)} to ${name}`)
    if (!privileges.includes('insert')) continue
    for (const sequence of sequences) await tx.unsafe(`grant usage, select on sequence ${quote(sequence)} to ${name}`)
  }
}

/** What runs with the owner's rights (making partitions, dropping chunks) is for the writer of the database alone. */
async function revokeDefinerFunctions(tx: SqlRunner, role: string): Promise<void> {
  const rows = await tx<{ signature: string }[]>`
    select p.oid::regprocedure::text as signature from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.prosecdef`
  for (const { signature } of rows) await tx.unsafe(`revoke execute on function ${signature} from ${role}`)
}

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

async function literal(sql: SqlRunner, text: string): Promise<string> {
  const [row] = await sql<[{ quoted: string }]>`select quote_literal(${text}::text) as quoted`
  return row.quoted
}
