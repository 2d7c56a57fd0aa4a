import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal, refuse } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import type { Bundler } from '@contrail/runtime/bundle'
import { deploy } from '../lib/deploy.ts'
import { followEvents } from '../lib/dev/events.ts'
import { FilesWatch } from '../lib/dev/watch.ts'
import { strategyFile } from '../lib/files.ts'
import { gatewayUrl } from '../lib/home.ts'
import { parameters } from '../lib/parameters.ts'
import { styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'

/** What the gateway asks to wait when there were too many requests. ms */
const RETRY_MS = 1000

type Request = { strategy: string; parameters: Record<string, unknown>; account?: string }
/** What happened, in the order it happened. With `--json` one line each. */
type Said =
  | { event: 'deployed'; code: string; bundleMs: number; deployMs: number }
  | { event: 'unchanged'; code: string }
  | { event: 'refused'; code: string; field: string; value: string; mend: string }
  | { event: StrategyEvent['event']; epoch: number; detail: string; code?: string | undefined; afterMs: number }

/** After these the new code has its answer. */
const TOLD: ReadonlySet<string> = new Set(['started', 'swapped', 'rolled_back', 'halted', 'diverged'])

export default command(
  'dev',
  'Watch a strategy file; each save is swapped into the running strategy with its state, or taken back when it throws',
  {
    strategy: { type: 'positional', description: 'A file, or a name in strategies/', required: true },
    as: { type: 'string', description: 'Id to run it under (default: its name)' },
    set: { type: 'string', description: 'Parameters: --set fast=5,slow=20' },
    account: { type: 'string', description: 'Where it trades (default: paper)' },
  },
  async ({ strategy, as, set, account, json }) => {
    const file = strategyFile(strategy)
    if (!file) throw refuse('not_found', 'file', strategy, 'contrail new strategy NAME makes one')
    gatewayUrl()
    const { openBundler } = await import('@contrail/runtime/bundle')
    const bundler = await openBundler(file)
    const id = as ?? path.basename(file, '.ts')
    const say = json ? (said: Said) => void process.stdout.write(`${JSON.stringify(said)}\n`) : tell
    const session = new Session(bundler, file, { strategy: id, parameters: parameters(set), ...(account && { account }) }, say) // prettier-ignore
    if (!json) process.stdout.write(`${id}: watching ${path.relative(process.cwd(), file)}; Ctrl-C ends the watch, not the strategy\n`) // prettier-ignore
    try {
      await session.run()
    } finally {
      await bundler.close()
    }
  },
)

class Session {
  readonly #bundler: Bundler
  readonly #file: string
  readonly #request: Request
  readonly #say: (said: Said) => void
  readonly #watch = new FilesWatch(() => this.#changed())
  readonly #end = new AbortController()
  #code = ''
  #savedMs = performance.now()
  #busy: Promise<void> | undefined
  #again = false

  constructor(bundler: Bundler, file: string, request: Request, say: (said: Said) => void) {
    this.#bundler = bundler
    this.#file = file
    this.#request = request
    this.#say = say
  }

  async run(): Promise<void> {
    const following = followEvents(this.#request.strategy, this.#end.signal, (event) => this.#heard(event))
    this.#watch.set([this.#file])
    // The first version must be taken, or there is nothing to watch for; unless the file is what is to be mended.
    await this.#deploy().catch((error: unknown) => this.#refused(error, true))
    process.once('SIGINT', () => this.#end.abort())
    process.once('SIGTERM', () => this.#end.abort())
    await following
    this.#watch.close()
    await this.#busy
  }

  #changed(): void {
    this.#again = true
    this.#busy ??= this.#deployAll().finally(() => (this.#busy = undefined))
  }

  async #deployAll(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#deploy().catch(async (error: unknown) => {
        this.#refused(error, false)
        if (!(error instanceof Refusal) || error.code !== 'rate_limited') return
        // Nothing is wrong with the file: it is sent again when there is room.
        await delay(RETRY_MS)
        this.#again = true
      })
    }
  }

  async #deploy(): Promise<void> {
    const startedMs = performance.now()
    const { text, sha256, files } = await this.#bundler.build()
    this.#watch.set(files)
    if (sha256 === this.#code) return this.#say({ event: 'unchanged', code: sha256 })
    const bundledMs = performance.now()
    this.#savedMs = startedMs
    const source = readFileSync(this.#file, 'utf8')
    const view = await deploy({ ...this.#request, source }, text)
    this.#code = view.code
    const [bundleMs, deployMs] = [bundledMs - startedMs, performance.now() - bundledMs]
    this.#say({ event: 'deployed', code: view.code, bundleMs: round(bundleMs), deployMs: round(deployMs) })
  }

  #heard({ event, epoch, detail, version }: StrategyEvent): void {
    // Saved again as it was before it was taken back, it is tried again.
    if (event === 'rolled_back') this.#code = version?.code ?? ''
    if (!TOLD.has(event)) return
    this.#say({ event, epoch, detail, code: version?.code, afterMs: round(performance.now() - this.#savedMs) })
  }

  #refused(error: unknown, first: boolean): void {
    const passing = error instanceof Refusal && error.code !== 'unavailable' && error.code !== 'unauthenticated'
    if (!passing && first) {
      this.#watch.close()
      this.#end.abort()
      throw error
    }
    if (!(error instanceof Refusal)) throw error
    const { code, field, value, mend } = error
    this.#say({ event: 'refused', code, field, value, mend })
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10

function tell(said: Said): void {
  const out = (line: string) => void process.stdout.write(`${line}\n`)
  if (said.event === 'deployed') return out(styled('dim', `  ${said.code.slice(0, 12)} sent (bundled in ${said.bundleMs} ms)`)) // prettier-ignore
  if (said.event === 'unchanged') return out(styled('dim', '  saved, but it means the same'))
  if (said.event === 'refused') return out(`${styled('red', said.code)}  ${said.field}: ${'value' in said ? said.value : ''}\n  ${'mend' in said ? said.mend : ''}; what runs goes on`) // prettier-ignore
  if (!('detail' in said)) return
  const good = said.event === 'swapped' || said.event === 'started'
  out(`${styled(good ? 'green' : 'red', said.event)}  ${said.detail}  ${styled('dim', `${said.afterMs} ms`)}`)
}
