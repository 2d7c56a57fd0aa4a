import { decodeJson, encodeJson, haltSchema, Refusal, refuse } from '@contrail/contracts'
import type { Halt, HaltView, Us } from '@contrail/contracts'
import type { Clock, KvBucket, KvEntry, Logger } from '@contrail/runtime'
import { WrongLastSequence } from '@contrail/runtime'
import type { HaltEntry, TradingState } from '@contrail/trading'

const RANK: Readonly<Record<TradingState, number>> = { active: 0, reducing: 1, halted: 2 }
const WRITE_TRIES = 5

/**
 * Kill switches of every scope: those in the bucket `halts`, and those this service sets itself when a self-check fails.
 * The tighter one holds.
 */
export class Halts {
  readonly #bucket: KvBucket
  readonly #clock: Clock
  readonly #log: Logger
  readonly #stored = new Map<string, Halt>()
  readonly #revisions = new Map<string, number>()
  /** Time of the last halt that was set here: its echo may come before its answer. */
  readonly #mine = new Map<string, number>()
  readonly #own = new Map<string, HaltEntry>()
  #table: Record<string, HaltEntry> = {}
  #watch: { stop(): Promise<void> } | undefined
  #onHalted: (scope: string) => void = () => undefined

  constructor(bucket: KvBucket, clock: Clock, log: Logger) {
    this.#bucket = bucket
    this.#clock = clock
    this.#log = log
  }

  /** Resolves when all that is stored is known. `onHalted` is told of every scope that becomes halted. */
  async start(onHalted: (scope: string) => void): Promise<void> {
    this.#onHalted = onHalted
    await new Promise<void>((resolve, reject) => {
      this.#bucket
        .watch((entry) => this.#arrived(entry), resolve)
        .then(
          (watch) => (this.#watch = watch),
          (error: unknown) => reject(error as Error),
        )
    })
  }

  async stop(): Promise<void> {
    await this.#watch?.stop()
  }

  table(): Readonly<Record<string, HaltEntry>> {
    return this.#table
  }

  list(): HaltView[] {
    const stored = [...this.#stored].map(([scope, { state, reason, by, atUs }]) => ({ scope, state, reason, by, atUs }))
    const own = [...this.#own].map(([scope, entry]) => ({
      scope,
      ...entry,
      by: 'orders',
      atUs: this.#clock.nowUs() as Us,
    }))
    return [...stored, ...own].sort((a, b) => (a.scope < b.scope ? -1 : 1))
  }

  /** At once here, and stored for everybody and for after a restart. A person lifts it. */
  halt(scope: string, reason: string): void {
    this.own(scope, 'halted', reason)
    this.set(scope, 'halted', reason, 'orders').catch((error: unknown) =>
      this.#log.error({ err: error, scope }, 'the halt holds in this process only'),
    )
  }

  /** A self-check failed; the check itself lifts it, or a person does until it fails again. */
  own(scope: string, state: TradingState, reason: string): void {
    if (state === 'active') this.#own.delete(scope)
    else this.#own.set(scope, { state, reason })
    this.#settle()
  }

  /** Whoever sets it cancels what is open: `onHalted` is for what others set. */
  async set(scope: string, state: TradingState, reason: string, by: string): Promise<Halt> {
    const halt: Halt = { schema: 1, state, reason, by, atUs: this.#clock.nowUs() as Us }
    if (state === 'active') this.own(scope, 'active', reason)
    this.#mine.set(scope, halt.atUs)
    for (let tries = 0; tries < WRITE_TRIES; tries++) {
      try {
        const entry = await this.#bucket.get(scope)
        const revision = entry
          ? await this.#bucket.update(scope, encodeJson(halt), entry.revision)
          : await this.#bucket.create(scope, encodeJson(halt))
        this.#put(scope, halt, revision)
        return halt
      } catch (error) {
        if (!(error instanceof WrongLastSequence)) throw error
      }
    }
    throw refuse('conflict', 'scope', scope, 'others are changing it; look and try again')
  }

  #arrived({ key: scope, value, revision }: KvEntry): void {
    if (value === undefined) {
      this.#stored.delete(scope)
      return this.#settle()
    }
    try {
      this.#put(scope, decodeJson(haltSchema, value, `halts.${scope}`) as Halt, revision)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // What cannot be read may have been meant as a halt: the safe reading is that it was.
      this.#log.error({ err: error, scope }, 'an unreadable halt counts as halted')
      this.#put(
        scope,
        { schema: 1, state: 'halted', reason: 'unreadable entry', by: 'orders', atUs: 0 as Us },
        revision,
      )
    }
  }

  #put(scope: string, halt: Halt, revision: number): void {
    const before = this.#stored.get(scope)
    // Our own write is known before its echo: an older echo must not undo it for a moment.
    if (revision < (this.#revisions.get(scope) ?? 0)) return
    this.#revisions.set(scope, revision)
    this.#stored.set(scope, halt)
    this.#settle()
    const mine = this.#mine.get(scope) === halt.atUs
    if (halt.state === 'halted' && before?.state !== 'halted' && !mine) this.#onHalted(scope)
  }

  #settle(): void {
    const table: Record<string, HaltEntry> = {}
    for (const [scope, { state, reason }] of [...this.#stored, ...this.#own])
      if (RANK[state] > RANK[table[scope]?.state ?? 'active']) table[scope] = { state, reason }
    this.#table = table
  }
}

/** Is an order of this scope under that key? */
export function covers(
  key: string,
  order: { tenant: string; account: string; strategy: string; venue: string; instrument: string },
): boolean {
  const keys = [`tenant.${order.tenant}`, `account.${order.account}`, `strategy.${order.strategy}`]
  return key === 'platform' || keys.includes(key) || key === `instrument.${order.venue}.${order.instrument}`
}
