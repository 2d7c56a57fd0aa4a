import type { Database } from '@contrail/db'
import { strategyTables } from '@contrail/db'
import { refuse } from '@contrail/contracts'
import type { StrategyEvent, StrategyView } from '@contrail/contracts'
import { and, asc, desc, eq, isNull } from 'drizzle-orm'

const { actuals, definitions, deployments, strategyEvents, strategyOutbox, versions } = strategyTables

export type Deployment = typeof deployments.$inferSelect
export type NewVersion = Omit<typeof versions.$inferInsert, 'tenantId'>
export type Outgoing =
  { kind: 'publish'; target: string; payload: unknown } | { kind: 'put'; target: string; key: string; payload: unknown }
type Command = { name: string; by: string; detail: string; atUs: number }

/** No definition of an author has a name with a "$". */
const SHARED = '$shared'

/** Rows are few; a page shows all of them. */
const STRATEGIES_MAX = 500

export function createStore(database: Database, tenant: string) {
  const { orm } = database
  const kept = new Set<string>()
  return {
    async deployment(strategy: string): Promise<Deployment | undefined> {
      const [row] = await orm.select().from(deployments).where(eq(deployments.strategy, strategy))
      return row
    },

    async deployments(): Promise<Deployment[]> {
      return await orm.select().from(deployments).orderBy(asc(deployments.strategy)).limit(STRATEGIES_MAX)
    },

    async version(definition: string, code: string) {
      const [row] = await orm
        .select()
        .from(versions)
        .where(and(eq(versions.definition, definition), eq(versions.code, code)))
      return row
    },

    /** What many bundles share, by its hash: a version of no strategy. */
    async shared(hash: string): Promise<Uint8Array | undefined> {
      const row = await this.version(SHARED, hash)
      return row?.bundle ?? undefined
    },

    async keepShared(hash: string, text: string): Promise<void> {
      if (kept.has(hash)) return
      const bundle = new TextEncoder().encode(text)
      const row = { definition: SHARED, code: hash, sourceHash: hash, source: '', bundle, parametersSchema: {} }
      await orm.transaction(async (tx) => {
        const definition = { tenantId: tenant, definition: SHARED, title: 'shared by bundles' }
        await tx.insert(definitions).values(definition).onConflictDoNothing()
        await tx
          .insert(versions)
          .values({ ...row, tenantId: tenant })
          .onConflictDoNothing()
      })
      kept.add(hash)
    },

    async versionByCode(code: string) {
      const [row] = await orm.select().from(versions).where(eq(versions.code, code)).limit(1)
      return row
    },

    async views(strategy?: string): Promise<StrategyView[]> {
      const rows = await orm
        .select({ deployment: deployments, actual: actuals, schema: versions.parametersSchema })
        .from(deployments)
        .innerJoin(versions, and(eq(versions.definition, deployments.definition), eq(versions.code, deployments.code)))
        .leftJoin(actuals, eq(actuals.strategy, deployments.strategy))
        .where(strategy === undefined ? undefined : eq(deployments.strategy, strategy))
        .orderBy(asc(deployments.strategy))
        .limit(STRATEGIES_MAX)
      return rows.map(viewOf)
    },

    /** The change, its audit row and its messages in one transaction. Fails when somebody else changed it meanwhile. */
    async save(next: Deployment, version: NewVersion | undefined, command: Command, outgoing: Outgoing[]) {
      await orm.transaction(async (tx) => {
        if (version) {
          const { definition } = version
          await tx.insert(definitions).values({ tenantId: tenant, definition, title: definition }).onConflictDoNothing()
          await tx
            .insert(versions)
            .values({ ...version, tenantId: tenant })
            .onConflictDoNothing()
        }
        if (next.revision === 1) await tx.insert(deployments).values(next)
        else {
          const changed = await tx
            .update(deployments)
            .set(next)
            .where(and(eq(deployments.strategy, next.strategy), eq(deployments.revision, next.revision - 1)))
            .returning({ strategy: deployments.strategy })
          if (changed.length === 0)
            throw refuse('conflict', 'revision', next.revision - 1, 'it was changed meanwhile; read it and try again')
        }
        await tx.insert(strategyEvents).values({
          tenantId: tenant,
          strategy: next.strategy,
          kind: 'command',
          name: command.name,
          by: command.by,
          detail: command.detail,
          epoch: 0,
          decisions: 0,
          atUs: command.atUs,
        })
        await tx.insert(strategyOutbox).values(outgoing.map((out) => ({ tenantId: tenant, key: null, ...out })))
      })
    },

    /** A fact from the engine. A redelivery changes nothing: (incarnation, sequence) is its name. */
    async record(event: StrategyEvent, incarnation: string, sequence: number): Promise<boolean> {
      return await orm.transaction(async (tx) => {
        const { strategy, epoch, worker, detail, atUs } = event
        const inserted = await tx
          .insert(strategyEvents)
          .values({
            tenantId: tenant,
            strategy,
            kind: 'event',
            name: event.event,
            by: worker,
            detail,
            epoch,
            decisions: event.number,
            incarnation,
            sequence,
            atUs,
          })
          .onConflictDoNothing()
          .returning({ id: strategyEvents.id })
        if (inserted.length === 0) return false
        const row = {
          tenantId: tenant,
          event: event.event,
          detail,
          worker,
          epoch,
          decisions: event.number,
          incarnation,
          sequence,
          atUs,
        }
        await tx
          .insert(actuals)
          .values({ strategy, ...row })
          .onConflictDoUpdate({ target: actuals.strategy, set: row })
        return true
      })
    },

    async events(strategy: string, limit: number) {
      return await orm
        .select()
        .from(strategyEvents)
        .where(eq(strategyEvents.strategy, strategy))
        .orderBy(desc(strategyEvents.id))
        .limit(limit)
    },

    async due(limit: number) {
      return await orm
        .select()
        .from(strategyOutbox)
        .where(isNull(strategyOutbox.publishedUs))
        .orderBy(asc(strategyOutbox.id))
        .limit(limit)
    },

    async published(id: number, atUs: number) {
      await orm.update(strategyOutbox).set({ publishedUs: atUs }).where(eq(strategyOutbox.id, id))
    },
  }
}
export type Store = ReturnType<typeof createStore>

type Row = {
  deployment: Deployment
  actual: typeof actuals.$inferSelect | null
  schema: Record<string, unknown>
}
function viewOf({ deployment, actual, schema }: Row): StrategyView {
  return {
    strategy: deployment.strategy,
    account: deployment.account,
    definition: deployment.definition,
    code: deployment.code,
    parameters: deployment.parameters,
    parametersSchema: schema,
    desired: deployment.desired,
    actual: actual?.event ?? 'waiting',
    detail: actual?.detail ?? 'the engine has not spoken of it yet',
    revision: deployment.revision,
    decisions: actual?.decisions ?? 0,
    updatedUs: Math.max(deployment.updatedUs, actual?.atUs ?? 0),
  } as StrategyView
}
