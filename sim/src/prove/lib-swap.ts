import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { decodeTick } from '@contrail/contracts'
import { connectNats, internalClient } from '@contrail/runtime'
import type { Bus, BusMessage, InternalClient, Reader } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { root, startTestPlatform } from '../testing/platform.ts'
import type { TestPlatform } from '../testing/platform.ts'
import { EVERY, FOLD_MODULUS, foldTick, strategyText } from './lib-swap-strategy.ts'
import type { EditKind, Folded, Habit } from './lib-swap-strategy.ts'

const STRATEGY = 'swapped'
const SUBJECT = 'md.ticks.sim.BTC-USDT'
const ANSWER_MS_MAX = 30_000
const SETTLE_MS_MAX = 10_000

export type EditOutcome = {
  readonly kind: EditKind
  readonly firstEventMs?: number
  readonly bundleMs?: number
  readonly deployMs?: number
  readonly swapMs?: number
  readonly failure?: string
}
type Line = { event: string; code?: string; detail?: string; field?: string; bundleMs?: number; deployMs?: number; afterMs?: number } // prettier-ignore
type ActorView = {
  status: string
  code: string
  number: number
  cursors: Record<string, { sequence: number }>
  swap: { atUs: number; firstInputAtUs?: number } | null
  strategyState: { state: Folded; openOrders: { orderId: string; status: string }[] }
}

/** The platform as `npm start` assembles it, `contrail dev` on one file, and every tick that there was. */
export class SwapWorld {
  readonly #world: TestPlatform
  readonly #bus: Bus
  readonly #engine: InternalClient
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-swap-'))
  readonly #file = path.join(this.#folder, `${STRATEGY}.ts`)
  readonly #ticks: BusMessage[] = []
  #reader: Reader | undefined
  #dev: ChildProcess | undefined
  readonly #lines: Line[] = []
  #err = ''
  readonly #habit: Habit

  private constructor(world: TestPlatform, bus: Bus, habit: Habit) {
    this.#habit = habit
    this.#world = world
    this.#bus = bus
    const { urls, secrets } = world.platform
    this.#engine = internalClient(urls['engine'] as string, secrets.internal)
  }

  static async start(rate: number, habit: Habit): Promise<SwapWorld> {
    const ingest = { CONTRAIL_INGEST_INSTRUMENTS: 'BTC-USDT', CONTRAIL_INGEST_RATE_PER_SECOND: String(rate) }
    const world = await startTestPlatform({ extra: { ingest } })
    const url = world.nats.url.replace('nats://', `nats://operator:${world.platform.secrets.nats['operator']}@`)
    return new SwapWorld(world, await connectNats({ url, name: 'prove-swap' }), habit)
  }

  /** The strategy runs, and `contrail dev` watches its file. */
  async begin(): Promise<void> {
    this.#reader = await this.#bus.read({
      stream: 'MD',
      fromSequence: 0,
      filterSubjects: [SUBJECT],
      onMessage: (message) => void this.#ticks.push(message),
    })
    writeFileSync(this.#file, strategyText(0, 'good', this.#habit))
    const home = this.#world.home
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, CONTRAIL_HOME: home, NO_COLOR: '1' } // tidy-ok: what any child process needs
    const cli = path.join(root, 'apps/cli/bin/contrail.mjs')
    this.#dev = spawn(process.execPath, [cli, 'dev', this.#file, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#dev.stderr?.on('data', (chunk: Buffer) => (this.#err += chunk.toString()))
    if (this.#dev.stdout)
      createInterface({ input: this.#dev.stdout }).on('line', (line) => {
        if (line.startsWith('{"')) this.#lines.push(JSON.parse(line) as Line)
        else this.#err += line
      })
    await this.#until('it has started', () => this.#lines.some(({ event }) => event === 'started'))
    await this.#until('it sees ticks', async () => (await this.#actor()).strategyState.state.count > 0)
  }

  /** Saves an edit and waits for what becomes of it. */
  async edit(number: number, kind: EditKind, habit = this.#habit): Promise<EditOutcome> {
    const from = this.#lines.length
    const savedUs = (performance.timeOrigin + performance.now()) * 1000
    writeFileSync(this.#file, strategyText(number, kind, habit))
    const heard = (event: string) => this.#lines.slice(from).find((line) => line.event === event)
    try {
      if (kind === 'broken') {
        await this.#until('it is refused', () => heard('refused'))
        return { kind, ...(heard('refused')?.field === `${STRATEGY}.ts:${BROKEN_LINE}` ? {} : { failure: `named ${heard('refused')?.field}` }) } // prettier-ignore
      }
      if (kind === 'throws') {
        await this.#until('it is taken back', () => heard('rolled_back'))
        const detail = heard('rolled_back')?.detail ?? ''
        return { kind, ...(/edit \d+ at swapped\.ts:\d+ on MD \d+/.test(detail) ? {} : { failure: detail }) }
      }
      await this.#until('it is swapped', () => heard('swapped') ?? heard('rolled_back'))
      if (heard('rolled_back')) return { kind, failure: heard('rolled_back')?.detail ?? '' }
      const code = heard('swapped')?.code
      let seenUs: number | undefined
      await this.#until('an event in the new code', async () => {
        const actor = await this.#actor()
        seenUs = actor.code === code ? actor.swap?.firstInputAtUs : undefined
        return seenUs !== undefined
      })
      const { bundleMs, deployMs } = heard('deployed') ?? {}
      const firstEventMs = Math.round(((seenUs as number) - savedUs) / 100) / 10
      return { kind, firstEventMs, ...(bundleMs !== undefined && { bundleMs }), ...(deployMs !== undefined && { deployMs }), swapMs: heard('swapped')?.afterMs ?? 0 } // prettier-ignore
    } catch (error) {
      return { kind, failure: String(error) }
    }
  }

  /**
   * Orders that one side has open and the other does not know, once the strategy leaves them alone: an orphan rests at the
   * venue and no code will ever cancel it.
   */
  async orders(): Promise<{ placed: number; open: number; orphans: string[]; lost: string[] }> {
    const { urls, secrets } = this.#world.platform
    const desk = internalClient(urls['orders'] as string, secrets.internal)
    const page = async (status: string, cursor = ''): Promise<string[]> => {
      type Page = { items: { orderId: string }[]; next?: string }
      const from = cursor && `&cursor=${encodeURIComponent(cursor)}`
      const { items, next } = await desk.get<Page>(`/orders?strategy=${STRATEGY}&status=${status}&limit=500${from}`)
      return [...items.map(({ orderId }) => orderId), ...(next ? await page(status, next) : [])]
    }
    const look = async () => {
      const known = (await this.#actor()).strategyState.openOrders.map(({ orderId }) => orderId)
      const open = await page('open')
      const orphans = open.filter((orderId) => !known.includes(orderId))
      const lost = known.filter((orderId) => !open.includes(orderId))
      return { open: open.length, orphans, lost }
    }
    // The last answers of the venue are on their way; who is still alone after that is an orphan.
    await until('both sides agree', async () => {
      const { orphans, lost } = await look()
      return orphans.length + lost.length === 0
    }, SETTLE_MS_MAX).catch(() => undefined) // prettier-ignore
    return { placed: (await page('all')).length, ...(await look()) }
  }

  /** The state and the record against one undisturbed fold over the same ticks. */
  async judge() {
    const actor = await this.#actor()
    const { through, state } = { through: actor.cursors['MD']?.sequence ?? 0, state: actor.strategyState.state }
    await until('all ticks are read', () => (this.#ticks.at(-1)?.sequence ?? 0) >= through)
    const record = await this.#record()
    const beganAt = record.beganAt
    const fold: Folded = { count: 0, hash: 0 }
    const wanted: string[] = []
    for (const { sequence, data } of this.#ticks) {
      if (sequence <= beganAt || sequence > through) continue
      foldTick(fold, decodeTick(data).price, Number(decodeTick(data).tradeId))
      if (fold.count % EVERY === 0) wanted.push(`${fold.count}/${fold.hash}`)
    }
    const made = record.decisions.slice(0, actor.number).flatMap(({ reasons }) => (reasons['count'] === undefined ? [] : [`${JSON.stringify(reasons["count"])}/${JSON.stringify(reasons["hash"])}`])) // prettier-ignore
    const failures = [...record.failures]
    // A cancel of what is being cancelled is nothing: such a tick has no decision, and no other may stand in its place.
    if (this.#habit !== 'market') wanted.splice(0, wanted.length, ...wanted.filter((one) => made.includes(one)))
    const differs = wanted.findIndex((one, index) => made[index] !== one)
    if (differs >= 0 || made.length !== wanted.length)
      failures.push(`decision on ${wanted[differs] ?? 'nothing'} was ${made[differs] ?? 'not made'} (${made.length} of ${wanted.length})`) // prettier-ignore
    const difference = fold.count - state.count
    const stateEqual = fold.count === state.count && fold.hash === state.hash
    if (!stateEqual) failures.push(`the state is ${JSON.stringify(state)}, an undisturbed fold gives ${JSON.stringify(fold)}`) // prettier-ignore
    if (fold.hash >= FOLD_MODULUS) failures.push('the fold is out of its range')
    return {
      events: fold.count,
      lost: Math.max(0, difference),
      twice: Math.max(0, -difference),
      stateEqual,
      decisions: record.decisions.length,
      failures,
    }
  }

  /** What is on ORDERS: numbers without a gap, and each decision by the code that its epoch was activated with. */
  async #record() {
    const last = await this.#bus.lastOnSubject('ORDERS', `orders.signal.${STRATEGY}`)
    const said: Record<string, unknown>[] = []
    const done = Promise.withResolvers<void>()
    const reader = await this.#bus.read({
      stream: 'ORDERS',
      fromSequence: 0,
      filterSubjects: [`orders.signal.${STRATEGY}`],
      onMessage: ({ data, sequence }) => {
        said.push(JSON.parse(new TextDecoder().decode(data)) as Record<string, unknown>)
        if (sequence === last?.sequence) done.resolve()
      },
    })
    await done.promise
    await reader.stop()
    const failures: string[] = []
    const decisions = said.filter(({ kind }) => kind === 'decision') as { number: number; epoch: number; reasons: Record<string, unknown> }[] // prettier-ignore
    decisions.forEach(({ number }, index) => {
      if (number !== index + 1) failures.push(`decision ${number} stands in the place of ${index + 1}`)
    })
    const codes = new Map(said.filter(({ kind }) => kind === 'activated').map(({ epoch, code }) => [epoch, code]))
    const versions = new Map<unknown, unknown>()
    for (const { epoch, reasons } of decisions) {
      const code = codes.get(epoch)
      if (versions.has(code) && versions.get(code) !== reasons['edit']) failures.push(`epoch ${epoch} is not by its code`) // prettier-ignore
      versions.set(code, reasons['edit'])
    }
    const first = said.find(({ kind }) => kind === 'activated')?.['cursors'] as Record<string, { sequence: number }>
    return { decisions, failures, beganAt: first['MD']?.sequence ?? 0 }
  }

  #actor(): Promise<ActorView> {
    return this.#engine.get<ActorView>(`/actors/${STRATEGY}`)
  }

  async #until(what: string, condition: () => unknown): Promise<void> {
    try {
      await until(what, async () => this.#dev?.exitCode !== null || Boolean(await condition()), ANSWER_MS_MAX)
    } catch (error) {
      throw new Error(`${String(error)}; ${JSON.stringify(this.#lines.slice(-3))} ${this.#err}`, { cause: error })
    }
    if (this.#dev?.exitCode !== null) throw new Error(`contrail dev ended: ${this.#err}`)
  }

  async stop(): Promise<void> {
    this.#dev?.kill('SIGTERM')
    await this.#reader?.stop()
    await this.#bus.close()
    await this.#world.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const BROKEN_LINE = strategyText(0, 'broken')
  .split('\n')
  .findIndex((line) => line.includes('does not compile')) + 1 // prettier-ignore
