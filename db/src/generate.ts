import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { DATABASES } from './names.ts'
import type { DatabaseName } from './names.ts'
import { migrationsFolder } from './runner.ts'

/** Which schema files make up a database. */
export const SCHEMA_FILES: Readonly<Record<DatabaseName, readonly string[]>> = {
  user: ['user.ts'],
  strategy: ['strategy.ts'],
  market: ['market.ts'],
  trade: ['orders.ts', 'paper.ts', 'ledger.ts', 'dropped.ts'],
}

/** SQL of the tables of one database as the schema files state them now, made by drizzle-kit. */
export async function generateBaseline(database: DatabaseName): Promise<string> {
  const tables: Record<string, unknown> = {}
  for (const file of SCHEMA_FILES[database]) {
    const full = path.join(import.meta.dirname, 'schema', file)
    if (existsSync(full)) Object.assign(tables, await import(pathToFileURL(full).href))
  }
  // Loaders differ in the order of a module's exports; the text must not.
  const sorted = Object.fromEntries(Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1)))
  const statements = await generateMigration(generateDrizzleJson({}), generateDrizzleJson(sorted))
  const head = `-- Made by "node db/src/generate.ts" from db/src/schema. Do not edit.\n`
  return head + statements.map((statement) => `${statement.trim()}\n`).join('\n')
}

if (import.meta.main) {
  for (const database of DATABASES)
    writeFileSync(path.join(migrationsFolder, database, '0000_baseline.sql'), await generateBaseline(database))
}
