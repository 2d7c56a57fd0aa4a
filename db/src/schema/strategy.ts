import { sql } from 'drizzle-orm'
import { bigint, bigserial, boolean, check, doublePrecision, foreignKey, index } from 'drizzle-orm/pg-core'
import { integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytea, tenantId, us, writtenUs } from './columns.ts'

/** A kind of strategy by name, such as `sma-cross`. */
export const definitions = pgTable(
  'definitions',
  {
    tenantId: tenantId(),
    definition: text('definition').notNull(),
    title: text('title').notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.definition] })],
)

/** One state of its code. Never changed: other code is another version. */
export const versions = pgTable(
  'versions',
  {
    tenantId: tenantId(),
    definition: text('definition').notNull(),
    /** SHA-256 of the bundle: what the engine runs and what a decision is tied to. */
    code: text('code').notNull(),
    sourceHash: text('source_hash').notNull(),
    source: text('source').notNull(),
    /** Null when it is in the object store `bundles` under its hash. */
    bundle: bytea('bundle'),
    parametersSchema: jsonb('parameters_schema').$type<Record<string, unknown>>().notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.definition, table.code] }),
    foreignKey({
      columns: [table.tenantId, table.definition],
      foreignColumns: [definitions.tenantId, definitions.definition],
    }),
    check('versions_code_sha256', sql`${table.code} ~ '^[0-9a-f]{64}$'`),
  ],
)

/** A strategy that somebody wants to run, and in which state. The engine sees it through KV `strategies`. */
export const deployments = pgTable(
  'deployments',
  {
    /** Unique across tenants: it is a subject token. */
    strategy: text('strategy').primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    definition: text('definition').notNull(),
    code: text('code').notNull(),
    parameters: jsonb('parameters').$type<Record<string, unknown>>().notNull(),
    desired: text('desired').$type<'running' | 'paused' | 'stopped'>().notNull(),
    revision: integer('revision').notNull(),
    updatedUs: us('updated_us').notNull(),
  },
  (table) => [
    foreignKey({
      columns: [table.tenantId, table.definition, table.code],
      foreignColumns: [versions.tenantId, versions.definition, versions.code],
    }),
    index('deployments_tenant').on(table.tenantId),
    check('deployments_desired', sql`${table.desired} in ('running', 'paused', 'stopped')`),
    check('deployments_revision', sql`${table.revision} > 0`),
  ],
)

/** What it last said of itself. One row per strategy, folded from strategy.event.*. */
export const actuals = pgTable('actuals', {
  strategy: text('strategy').primaryKey(),
  tenantId: tenantId(),
  event: text('event').notNull(),
  detail: text('detail').notNull(),
  worker: text('worker').notNull(),
  epoch: integer('epoch').notNull(),
  /** Decisions made so far. */
  decisions: bigint('decisions', { mode: 'number' }).notNull(),
  incarnation: text('incarnation').notNull(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  atUs: us('at_us').notNull(),
})

/** All it said, and all that was asked of it. Append-only. */
export const strategyEvents = pgTable(
  'strategy_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    strategy: text('strategy').notNull(),
    /** An event of the engine, or a command of a person. */
    kind: text('kind').$type<'event' | 'command'>().notNull(),
    name: text('name').notNull(),
    by: text('by').notNull(),
    detail: text('detail').notNull(),
    epoch: integer('epoch').notNull(),
    decisions: bigint('decisions', { mode: 'number' }).notNull(),
    /** Of CONTROL; what makes a redelivery harmless. Null for what has no message. */
    incarnation: text('incarnation'),
    sequence: bigint('sequence', { mode: 'number' }),
    atUs: us('at_us').notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [
    uniqueIndex('strategy_events_message').on(table.incarnation, table.sequence),
    index('strategy_events_strategy').on(table.strategy, table.id),
  ],
)

/** Messages that belong to a committed change: published after the commit, deleted or marked when acknowledged. */
export const strategyOutbox = pgTable(
  'strategy_outbox',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    /** `publish` on a subject, or `put` into a KV bucket. */
    kind: text('kind').$type<'publish' | 'put'>().notNull(),
    target: text('target').notNull(),
    key: text('key'),
    payload: jsonb('payload').$type<unknown>().notNull(),
    publishedUs: us('published_us'),
    writtenUs: writtenUs(),
  },
  (table) => [
    index('strategy_outbox_due')
      .on(table.id)
      .where(sql`${table.publishedUs} is null`),
  ],
)

/** Backtests that were asked for over HTTP. The table is the queue: taken with FOR UPDATE SKIP LOCKED, kept alive by a lease. */
export const jobs = pgTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    tenantId: tenantId(),
    /** Order of the queue. */
    number: bigserial('number', { mode: 'number' }).notNull(),
    kind: text('kind').$type<'backtest' | 'optimization'>().notNull(),
    state: text('state').$type<'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'partial'>().notNull(),
    request: jsonb('request').$type<Record<string, unknown>>().notNull(),
    /** SHA-256 of the bundle that is run. */
    code: text('code').notNull(),
    by: text('by').notNull(),
    /** Idempotency-Key of the asker, and the SHA-256 of what came with it. */
    key: text('key'),
    bodyHash: text('body_hash').notNull(),
    phase: text('phase').notNull(),
    done: doublePrecision('done').notNull(),
    total: doublePrecision('total').notNull(),
    rate: doublePrecision('rate').notNull(),
    etaMs: doublePrecision('eta_ms'),
    cancelling: boolean('cancelling').notNull(),
    run: text('run'),
    error: jsonb('error').$type<{ code: string; field: string; value: string; mend: string }>(),
    attempts: integer('attempts').notNull(),
    /** The process that runs it, and until when it counts as alive by the clock of the database. */
    owner: text('owner'),
    leaseUs: us('lease_us'),
    revision: integer('revision').notNull(),
    createdUs: us('created_us').notNull(),
    startedUs: us('started_us'),
    finishedUs: us('finished_us'),
    writtenUs: writtenUs(),
  },
  (table) => [
    uniqueIndex('jobs_key').on(table.tenantId, table.key),
    index('jobs_waiting')
      .on(table.number)
      .where(sql`${table.state} in ('queued', 'running')`),
    index('jobs_tenant').on(table.tenantId, table.number),
    index('jobs_run').on(table.run),
    check('jobs_state', sql`${table.state} in ('queued', 'running', 'done', 'failed', 'cancelled', 'partial')`),
    check('jobs_owner', sql`(${table.state} = 'running') = (${table.owner} is not null)`),
  ],
)

/** Index of the run folders, which never change: rows are only added, also for runs that the CLI made. */
export const runs = pgTable(
  'runs',
  {
    tenantId: tenantId(),
    /** Sorts by time. */
    id: text('id').notNull(),
    summary: jsonb('summary').$type<Record<string, unknown>>().notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
