import { createHash, randomBytes } from 'node:crypto'
import { refuse } from '@contrail/contracts'
import type { BacktestRequest, JobKind, JobView, OptimizationRequest } from '@contrail/contracts'
import { strategyTables } from '@contrail/db'
import type { Database } from '@contrail/db'
import { and, asc, count, desc, eq, inArray, lt, or, sql } from 'drizzle-orm'
import { JOBS_KEPT_MAX } from './limits.ts'
import type { JobError } from './task.ts'

const { jobs, versions } = strategyTables

export type Job = typeof jobs.$inferSelect
export type NewJob = {
  readonly kind: JobKind
  readonly request: BacktestRequest | OptimizationRequest
  readonly code: string
  readonly by: string
  readonly key: string | undefined
  readonly atUs: number
}
export type Progress = Pick<Job, 'phase' | 'done' | 'total' | 'rate' | 'etaMs'>
export type Ended = {
  readonly state: 'done' | 'failed' | 'cancelled' | 'partial'
  readonly run?: string
  /** How far it came, where that is known. */
  readonly progress?: Pick<Progress, 'done' | 'total'>
  readonly error?: JobError
}
const LIVE = ['queued', 'running'] as const
const nowUs = sql<number>`(extract(epoch from clock_timestamp()) * 1000000)::bigint`
const leaseOf = (ms: number) => sql<number>`${nowUs} + ${ms * 1000}`
const nextRevision = sql<number>`${jobs.revision} + 1`
const hashOf = (body: unknown): string => createHash('sha256').update(JSON.stringify(body)).digest('hex')

/** The queue. Only the owner of a running job may change it, and only while it is that job's attempt. */
export function createJobStore({ orm }: Database, tenant: string) {
  const owned = (id: string, owner: string, attempts: number) =>
    and(eq(jobs.id, id), eq(jobs.owner, owner), eq(jobs.attempts, attempts), eq(jobs.state, 'running'))
  return {
    async add({ kind, request, code, by, key, atUs }: NewJob, queuedMax: number): Promise<Job> {
      const bodyHash = hashOf(kind === 'backtest' ? request : [kind, request])
      return await orm.transaction(async (tx) => {
        // Two that ask at once must not both be the last that fits.
        await tx.execute(sql`select pg_advisory_xact_lock(hashtext('contrail_jobs'))`)
        const [known] = key === undefined ? [] : await tx.select().from(jobs).where(eq(jobs.key, key))
        if (known && known.bodyHash === bodyHash) return known
        if (known) throw refuse('idempotency_key_reused', 'Idempotency-Key', key, 'use a new key for a new request')
        const [waiting] = await tx.select({ rows: count() }).from(jobs).where(eq(jobs.state, 'queued'))
        if ((waiting?.rows ?? 0) >= queuedMax)
          throw refuse('queue_full', 'jobs', `${queuedMax} are waiting`, 'wait for some, or cancel them: DELETE /v1/jobs/:id')
        const id = `job-${randomBytes(8).toString('hex')}`
        const none = { phase: 'waiting', done: 0, total: 0, rate: 0, cancelling: false, attempts: 0, revision: 1 }
        const row = { id, tenantId: tenant, kind, state: 'queued', request, code, by, key, bodyHash } as const
        const [added] = await tx.insert(jobs).values({ ...row, ...none, createdUs: atUs }).returning()
        return added as Job
      })
    },

    async get(id: string): Promise<Job> {
      const [row] = await orm.select().from(jobs).where(eq(jobs.id, id))
      if (!row) throw refuse('not_found', 'job', id, 'see the list: GET /v1/jobs')
      return row
    },

    async list(limit: number, before: number | undefined, state: Job['state'] | undefined): Promise<Job[]> {
      return await orm
        .select()
        .from(jobs)
        .where(
          and(
            before === undefined ? undefined : lt(jobs.number, before),
            state === undefined ? undefined : eq(jobs.state, state),
          ),
        )
        .orderBy(desc(jobs.number))
        .limit(limit)
    },

    /** The oldest that waits, or that was left behind by a process that died. */
    async claim(owner: string, leaseMs: number, atUs: number): Promise<Job | undefined> {
      return await orm.transaction(async (tx) => {
        const left = and(eq(jobs.state, 'running'), lt(jobs.leaseUs, nowUs))
        const [next] = await tx
          .select({ id: jobs.id })
          .from(jobs)
          .where(or(eq(jobs.state, 'queued'), left))
          .orderBy(asc(jobs.number))
          .limit(1)
          .for('update', { skipLocked: true })
        if (!next) return undefined
        const set = {
          state: 'running' as const,
          owner,
          leaseUs: leaseOf(leaseMs),
          attempts: sql<number>`${jobs.attempts} + 1`,
          startedUs: atUs,
          revision: nextRevision,
        }
        const [claimed] = await tx.update(jobs).set(set).where(eq(jobs.id, next.id)).returning()
        return claimed
      })
    },

    /** Says that its owner lives, and how far it is. Undefined: it is the owner's no more. */
    async beat(job: Job, owner: string, leaseMs: number, progress: Progress | undefined) {
      const set = { leaseUs: leaseOf(leaseMs), ...(progress ? { ...progress, revision: nextRevision } : {}) }
      const [row] = await orm
        .update(jobs)
        .set(set)
        .where(owned(job.id, owner, job.attempts))
        .returning({ cancelling: jobs.cancelling })
      return row
    },

    async finish(job: Job, owner: string, ended: Ended, atUs: number): Promise<boolean> {
      const { state, run = null, error = null } = ended
      const over = { phase: 'over', etaMs: null, owner: null, leaseUs: null, finishedUs: atUs, revision: nextRevision }
      const changed = await orm
        .update(jobs)
        .set({ state, run, error, ...ended.progress, ...over })
        .where(owned(job.id, owner, job.attempts))
        .returning({ id: jobs.id })
      const kept = orm.select({ number: jobs.number }).from(jobs).orderBy(desc(jobs.number)).offset(JOBS_KEPT_MAX).limit(1)
      await orm.delete(jobs).where(and(sql`${jobs.number} <= (${kept})`, sql`${jobs.state} not in ('queued', 'running')`))
      return changed.length > 0
    },

    /** The service stops: another one goes on with it. That is no death. */
    async release(job: Job, owner: string): Promise<void> {
      const waits = { state: 'queued', phase: 'waiting', done: 0, rate: 0, etaMs: null, owner: null, leaseUs: null } as const
      await orm
        .update(jobs)
        .set({ ...waits, attempts: job.attempts - 1, revision: nextRevision })
        .where(owned(job.id, owner, job.attempts))
    },

    /** One that waits is over at once; one that runs is told by its owner. What is over stays as it is. */
    async cancel(id: string, atUs: number): Promise<Job> {
      await orm
        .update(jobs)
        .set({
          state: sql`case when ${jobs.state} = 'queued' then 'cancelled' else ${jobs.state} end`,
          phase: sql`case when ${jobs.state} = 'queued' then 'over' else ${jobs.phase} end`,
          finishedUs: sql`case when ${jobs.state} = 'queued' then ${atUs}::bigint else null end`,
          cancelling: true,
          revision: nextRevision,
        })
        .where(and(eq(jobs.id, id), inArray(jobs.state, [...LIVE]), eq(jobs.cancelling, false)))
      return await this.get(id)
    },

    /** Newest version of a definition that somebody deployed. */
    async newestVersion(definition: string): Promise<string | undefined> {
      const [row] = await orm
        .select({ code: versions.code })
        .from(versions)
        .where(eq(versions.definition, definition))
        .orderBy(desc(versions.writtenUs))
        .limit(1)
      return row?.code
    },
  }
}
export type JobStore = ReturnType<typeof createJobStore>

export function jobViewOf(job: Job): JobView {
  const { id, kind, state, code, cancelling, run, error, by, attempts, request, createdUs, startedUs, finishedUs } = job
  const { phase, done, total, rate, etaMs, revision } = job
  const progress = { phase, done, total, rate, etaMs } as JobView['progress']
  const strategy = String(request['strategy'])
  const times = { createdUs, startedUs, finishedUs } as Pick<JobView, 'createdUs' | 'startedUs' | 'finishedUs'>
  return { id, kind, state, strategy, code, progress, cancelling, run, error, by, attempts, request, ...times, revision }
}
