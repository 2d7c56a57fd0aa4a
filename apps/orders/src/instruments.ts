import { check, instrumentKey, instrumentSchema } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import { internalClient } from '@contrail/runtime'
import type { InternalClient, Logger } from '@contrail/runtime'
import { z } from 'zod'

const answerSchema = z.object({ items: z.array(instrumentSchema), next: z.string().optional() })
type Page = { items: Instrument[]; next?: string }
/** An instrument that nobody knew is asked for again after this, at the earliest. */
const ASK_AGAIN_MS = 5000

/** Definitions come from ingest and are kept, so that a restart does not depend on it. */
export class Instruments {
  readonly #known = new Map<string, Instrument>()
  readonly #database: Database
  readonly #client: InternalClient | undefined
  readonly #tenant: string
  readonly #log: Logger
  readonly #nowMs: () => number
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  constructor(options: {
    database: Database
    ingestUrl: string | undefined
    internalToken: string
    tenant: string
    log: Logger
    nowMs: () => number
  }) {
    this.#database = options.database
    this.#client = options.ingestUrl ? internalClient(options.ingestUrl, options.internalToken) : undefined
    this.#tenant = options.tenant
    this.#log = options.log
    this.#nowMs = options.nowMs
  }

  async load(): Promise<void> {
    const rows = await this.#database.sql<{ definition: unknown }[]>`select definition from traded_instruments`
    for (const row of rows) this.#put(check(instrumentSchema, row.definition, 'instrument') as Instrument)
  }

  async get(venue: string, instrument: string): Promise<Instrument | undefined> {
    const key = instrumentKey(venue, instrument)
    if (!this.#known.has(key) && this.#client && this.#nowMs() - this.#askedMs > ASK_AGAIN_MS) {
      this.#asking ??= this.#ask(this.#client).finally(() => (this.#asking = undefined))
      await this.#asking
    }
    return this.#known.get(key)
  }

  known(key: string): Instrument | undefined {
    return this.#known.get(key)
  }

  async #ask(client: InternalClient): Promise<void> {
    try {
      let path: string | undefined = '/instruments'
      while (path) {
        const { items, next } = check(answerSchema, await client.get(path), 'instruments') as Page
        for (const item of items) await this.#keep(item)
        path = next && `/instruments?cursor=${encodeURIComponent(next)}`
      }
      this.#askedMs = this.#nowMs()
    } catch (error) {
      this.#log.warn({ err: error }, 'instruments could not be looked up')
    }
  }

  async #keep(instrument: Instrument): Promise<void> {
    const definition = this.#database.sql.json(instrument)
    await this.#database.sql`
      insert into traded_instruments (venue, instrument, tenant_id, definition)
      values (${instrument.venue}, ${instrument.instrument}, ${this.#tenant}, ${definition})
      on conflict (venue, instrument) do update set definition = excluded.definition`
    this.#put(instrument)
  }

  #put(instrument: Instrument): void {
    this.#known.set(instrumentKey(instrument.venue, instrument.instrument), instrument)
  }
}
