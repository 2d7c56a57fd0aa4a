import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import type { Sql } from './database.ts'
import type { DatabaseName } from './names.ts'

export const migrationsFolder = path.resolve(import.meta.dirname, '../migrations')

export type MigrationFile = { readonly name: string; readonly text: string; readonly sha256: string }

/** Files of one database in the order they run: the common ones, the generated baseline, the hand-written ones. */
export function migrationFiles(database: DatabaseName, folder = migrationsFolder): MigrationFile[] {
  return ['common', database].flatMap((part) =>
    readdirSync(path.join(folder, part))
      .filter((name) => name.endsWith('.sql'))
      .sort()
      .map((name) => {
        const text = readFileSync(path.join(folder, part, name), 'utf8')
        return { name: `${part}/${name}`, text, sha256: createHash('sha256').update(text).digest('hex') }
      }),
  )
}

/**
 * Runs what has not run yet, each file in a transaction of its own. A changed file that has run is refused. The lock
 * belongs to the one connection that does it all.
 */
export async function runMigrations(sql: Sql, database: DatabaseName, files = migrationFiles(database)) {
  if (sql.options.max !== 1) throw refuse('invalid', 'max', sql.options.max, 'migrate over one connection')
  const applied: string[] = []
  await sql`select pg_advisory_lock(hashtext('contrail_migrations'))`
  try {
    await sql.unsafe(
      `create table if not exists contrail_migrations (name text primary key, sha256 text not null,
       applied_at timestamptz not null default now())`,
    )
    const rows = await sql<{ name: string; sha256: string }[]>`select name, sha256 from contrail_migrations`
    const known = new Map(rows.map((row) => [row.name, row.sha256]))
    for (const file of files) {
      const sha256 = known.get(file.name)
      if (sha256 === file.sha256) continue
      if (sha256 !== undefined)
        throw refuse(
          'migration_changed',
          file.name,
          file.sha256.slice(0, 12),
          'this database was made by another version: start that one, or begin anew with npm start -- --fresh',
        )
      await runFile(sql, file)
      applied.push(file.name)
    }
  } finally {
    await sql`select pg_advisory_unlock(hashtext('contrail_migrations'))`.catch(() => undefined)
  }
  return applied
}

/** One simple-protocol batch: a failing statement undoes the whole file, row included. */
async function runFile(sql: Sql, file: MigrationFile): Promise<void> {
  const text = file.text.replaceAll('--> statement-breakpoint', '')
  const row = `insert into contrail_migrations (name, sha256) values ('${file.name}', '${file.sha256}')`
  try {
    await sql.unsafe(`begin;\n${text};\n${row};\ncommit;`).simple()
  } catch (cause) {
    await sql.unsafe('rollback').simple()
    throw new Error(`migration ${file.name} failed: ${(cause as Error).message}`, { cause })
  }
}
