import { Refusal } from '@contrail/contracts'
import { releaseLease, renewLease, takeLease } from '../store/lease.ts'
import { loadState } from '../store/load.ts'
import { unsettled } from '../store/write.ts'
import { isBug } from './failures.ts'
import { writeHead } from './desk.ts'
import type { Desk } from './desk.ts'
import { cancelUnder } from './cancel.ts'
import { noState, openOrders } from './held.ts'
import { reconcile } from './reconcile.ts'
import { resolve } from './resolve.ts'
import { commitTold } from './send.ts'

export type AccountOptions = { readonly holder: string; readonly leaseMs: number; readonly reconcileMs: number }

const RETRY_MS = [20, 100, 500, 1000]
/** A job that fails by a bug is given back after this many times; one that waits for a server is tried for ever. */
const BUG_TRIES = 3
/** A difference in positions counts when two passes in a row saw it. */
const MISMATCHES_MAX = 2
const RESOLVE_MS = 250

/**
 * The one writer of a venue account. Jobs run one after another. After any failure the state in hand is thrown away and
 * read anew, leases, books and venue included: recovering is starting.
 */
export class AccountWriter {
  readonly desk: Desk
  readonly #options: AccountOptions
  #lane: Promise<unknown> = Promise.resolve()
  #ready = false
  #stopped = false
  #mismatches = 0
  #reconciling = false
  #resolving = false
  #reason = 'starting'
  readonly #timers = new Set<{ cancel(): void }>()

  constructor(desk: Omit<Desk, 'state'>, options: AccountOptions) {
    this.desk = { ...desk, state: noState() }
    this.#options = options
    desk.venue.onReports((reports) => {
      if (reports === undefined) {
        this.#ready = false
        this.#background(() => Promise.resolve())
        return
      }
      // Where others wait already, a job is on its way, or the books are about to be read anew.
      const first = this.desk.told.length === 0
      this.desk.told.push(...reports)
      if (first && reports.length > 0) this.#background(() => commitTold(this.desk, undefined))
    })
  }

  /** Resolves when the account was reconciled once. */
  async start(): Promise<void> {
    await this.run(() => Promise.resolve())
    this.#every(this.#options.leaseMs / 3, () => this.#renew())
    this.#every(this.#options.reconcileMs, () => this.#pass())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
    this.desk.outbox.stop()
    await this.#lane.catch(() => undefined)
    await this.desk.venue.stop()
    const { state, writer, venue, log } = this.desk
    await this.desk.outbox
      .settle()
      .catch((error: unknown) => log.warn({ err: error }, 'published reports are not marked; they are published again'))
    await releaseLease(writer, venue.name, state.epoch).catch((error: unknown) =>
      log.warn({ err: error }, 'the lease was not given back; it runs out by itself'),
    )
  }

  /** Why this account does not trade; empty = it does. */
  reasons(): string[] {
    return this.#ready ? [] : [`account ${this.desk.writer.account}: ${this.#reason}`]
  }

  /** In turn. Comes back when it is done for good, or with the refusal or bug that ends it. */
  run<T>(job: (desk: Desk) => Promise<T>): Promise<T> {
    const done = this.#lane.then(() => this.#tried(job))
    this.#lane = done.catch(() => undefined)
    return done
  }

  /** Cancels what is open under a scope and asks the venue what is left. The kill switch. */
  async cancelScope(scope: string): Promise<{ asked: number; open: number }> {
    const result = await this.run((desk) => cancelUnder(desk, scope))
    await this.desk.outbox.flush()
    return result
  }

  async #tried<T>(job: (desk: Desk) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (this.#stopped) throw new Error('stopping')
      try {
        if (!this.#ready) await this.#recover()
        const result = await job(this.desk)
        this.#after()
        return result
      } catch (error) {
        if (error instanceof Refusal) throw error
        this.#ready = false
        this.#reason = error instanceof Error ? error.message : String(error)
        this.desk.log.warn({ err: error, tries }, 'the account is read anew')
        if (isBug(error) && tries >= BUG_TRIES) throw error
        await this.#wait(RETRY_MS[Math.min(tries, RETRY_MS.length) - 1] as number)
      }
    }
  }

  async #recover(): Promise<void> {
    const { desk } = this
    const { writer, venue } = desk
    desk.metrics.recoveries.inc({ account: writer.account })
    const epoch = await this.#lease()
    await venue.recover(epoch)
    desk.told.length = 0
    desk.state = await loadState(writer, venue.name, epoch, desk.market.nowUs())
    await this.#instruments()
    await desk.outbox.reload()
    for (const held of openOrders(desk.state)) await writeHead(desk, held)
    venue.resume()
    this.#reason = 'reconciling'
    let differing: string[] = []
    for (let pass = 0; pass < MISMATCHES_MAX; pass++) {
      differing = await reconcile(desk, 'full')
      if (differing.length === 0) break
    }
    this.#judge(differing, 'halted')
    this.#ready = true
  }

  /** Prices of what is in hand: an order that is tried again is judged by the market of now. */
  async #instruments(): Promise<void> {
    const { desk } = this
    for (const { head } of desk.state.open.values()) {
      await desk.instruments.get(head.venue, head.instrument)
      await desk.market.ensure(head.venue, head.instrument)
    }
  }

  async #lease(): Promise<number> {
    const { writer, venue, log } = this.desk
    for (;;) {
      if (this.#stopped) throw new Error('stopping')
      const taken = await takeLease(writer, venue.name, this.#options.holder, this.#options.leaseMs)
      if ('epoch' in taken) return taken.epoch
      this.#reason = `${taken.heldBy} owns it for another ${Math.ceil(taken.waitMs / 1000)} s`
      log.info({ account: writer.account, heldBy: taken.heldBy }, 'waiting for the lease')
      await this.#wait(Math.min(taken.waitMs, 1000))
    }
  }

  async #renew(): Promise<void> {
    const { writer, venue, state } = this.desk
    if (!this.#ready || (await renewLease(writer, venue.name, state.epoch, this.#options.leaseMs))) return
    this.#ready = false
    this.#background(() => Promise.resolve())
  }

  async #pass(): Promise<void> {
    if (this.#reconciling) return
    this.#reconciling = true
    try {
      const differing = await this.run((desk) => reconcile(desk, 'light'))
      this.#mismatches = differing.length > 0 ? this.#mismatches + 1 : 0
      if (this.#mismatches === 0 || this.#mismatches >= MISMATCHES_MAX) this.#judge(differing, 'reducing')
    } finally {
      this.#reconciling = false
    }
  }

  /** An unexplained difference stops new risk until a pass explains it. Nothing is adjusted in silence. */
  #judge(differing: readonly string[], state: 'halted' | 'reducing'): void {
    const { halts, alerts, writer } = this.desk
    const scope = `account.${writer.account}`
    if (differing.length === 0) return halts.own(scope, 'active', 'reconciled')
    const text = `positions differ from the venue's: ${differing.slice(0, 3).join('; ')}`
    halts.own(scope, state, text)
    alerts.send('critical', 'position_mismatch', text, { account: writer.account })
  }

  /** Requests left without an answer are asked about soon, not at the next pass. */
  #after(): void {
    const { desk } = this
    const unknown = openOrders(desk.state).filter((held) => held.attempts.some(unsettled))
    desk.metrics.unknown.set({ account: desk.writer.account }, unknown.length)
    desk.metrics.open.set({ account: desk.writer.account }, desk.state.open.size)
    if (unknown.length === 0 || this.#resolving) return
    this.#resolving = true
    this.#timer(RESOLVE_MS, () => {
      this.#resolving = false
      this.#background(async () => {
        for (const held of openOrders(this.desk.state))
          if (held.attempts.some(unsettled)) await resolve(this.desk, held)
      })
    })
  }

  #background(job: () => Promise<void>): void {
    this.run(job).catch((error: unknown) => {
      if (!this.#stopped) this.desk.log.error({ err: error }, 'a job of the account failed')
    })
  }

  #every(ms: number, job: () => Promise<void>): void {
    const again = () =>
      this.#timer(ms, () => {
        job()
          .catch((error: unknown) => !this.#stopped && this.desk.log.warn({ err: error }, 'a periodic job failed'))
          .finally(again)
      })
    again()
  }

  #timer(ms: number, job: () => void): void {
    if (this.#stopped) return
    const timer = this.desk.clock.setTimer(ms, () => {
      this.#timers.delete(timer)
      if (!this.#stopped) job()
    })
    this.#timers.add(timer)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.desk.clock.setTimer(ms, resolve))
  }
}
