import { createReadStream, existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { refuse, runField, runView } from '@contrail/contracts'
import type { RunView } from '@contrail/contracts'
import { strategyTables } from '@contrail/db'
import type { Database } from '@contrail/db'
import { readRun, readSections, renderRun } from '@contrail/research'
import type { RunRecord } from '@contrail/research'
import type { Logger } from '@contrail/runtime'
import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm'

const { jobs, runs } = strategyTables
/** Folders that are looked into in one call; the next call goes on. */
const INDEXED_AT_ONCE_MAX = 500

export type RunFile = 'report.html' | 'trades.csv' | 'equity.csv'

/** Runs are folders that never change; Postgres only knows where each one belongs in a list. */
export function createRuns({ orm }: Database, tenant: string, directory: string, log: Logger) {
  /** Also those that the CLI made: what is in the folder and not in the index is added. */
  async function index(): Promise<void> {
    const names = existsSync(directory) ? await readdir(directory) : []
    const ids = names.filter((name) => runField.safeParse(name).success).toSorted()
    const newest = ids.slice(-INDEX_IDS_MAX)
    if (newest.length === 0) return
    const known = await orm.select({ id: runs.id }).from(runs).where(inArray(runs.id, newest))
    const have = new Set(known.map(({ id }) => id))
    const missing = newest.filter((id) => !have.has(id)).slice(-INDEXED_AT_ONCE_MAX)
    for (const id of missing) {
      const found = await readRun(directory, id).catch((error: unknown) => {
        log.warn({ err: error, run: id }, 'a run folder that cannot be read is not listed')
        return undefined
      })
      if (!found) continue
      await orm.insert(runs).values({ tenantId: tenant, id, summary: summaryOf(found.record) }).onConflictDoNothing()
    }
  }
  return {
    async list(limit: number, before: string | undefined, strategy: string | undefined): Promise<RunView[]> {
      await index()
      const rows = await orm
        .select({ summary: runs.summary, job: jobs.id })
        .from(runs)
        .leftJoin(jobs, eq(jobs.run, runs.id))
        .where(
          and(
            before === undefined ? undefined : lt(runs.id, before),
            strategy === undefined ? undefined : sql`${runs.summary} ->> 'strategy' = ${strategy}`,
          ),
        )
        .orderBy(desc(runs.id))
        .limit(limit)
      return rows.map(({ summary, job }) => runView.parse({ ...summary, job }))
    },

    async record(id: string): Promise<RunRecord> {
      return (await readRun(directory, id)).record
    },

    async report(id: string) {
      const { record, folder } = await readRun(directory, id)
      return { ...record, sections: await readSections(folder) }
    },

    /** The file as it was written; the report anew where studies were made of the run since, or none was written. */
    async file(id: string, name: RunFile): Promise<{ body: ReadableStream | string; bytes: number }> {
      const { folder } = await readRun(directory, id)
      const file = path.join(folder, name)
      const stale = name === 'report.html' && (existsSync(`${folder}.sections.json`) || !existsSync(file))
      if (stale) {
        const { html } = await renderRun(directory, id)
        return { body: html, bytes: Buffer.byteLength(html) }
      }
      const { size } = await stat(file).catch(() => {
        throw refuse('not_found', 'file', name, 'the folder of this run does not hold it')
      })
      return { body: Readable.toWeb(createReadStream(file)) as ReadableStream, bytes: size }
    },
  }
}
export type Runs = ReturnType<typeof createRuns>
/** Older ones are in the index since they were new. */
const INDEX_IDS_MAX = 5_000

function summaryOf(record: RunRecord): Omit<RunView, 'job'> {
  const { id, createdAt, complete, strategy, data, decisionsSha256, cash, currency, finalEquity, counts, metrics } = record
  return {
    id,
    createdAt,
    complete,
    strategy: strategy.name,
    codeSha256: strategy.codeSha256,
    dataSha256: data.sha256,
    decisionsSha256,
    parameters: strategy.parameters,
    cash,
    currency,
    finalEquity,
    trades: counts.trades,
    totalReturn: numberOf(metrics.totalReturn),
    sharpe: numberOf(metrics.sharpe),
    maxDrawdown: numberOf(metrics.maxDrawdown),
  }
}
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)
