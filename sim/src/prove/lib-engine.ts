import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { encodeJson } from '@contrail/contracts'
import { applyStreams, natsUsers, serverConfig } from '@contrail/nats'
import type { NatsUser } from '@contrail/nats'
import { connectNats, internalClient } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { bundleModule } from '@contrail/runtime/bundle'
import { startTestNats, until } from '@contrail/runtime/testing'
import type { Readout } from './lib-engine-lives.ts'
import { XRP_ETH } from './lib-engine-market.ts'

export const ENGINE_MAIN = path.resolve(import.meta.dirname, '../../../apps/engine/src/main.ts')
const TOKEN = randomBytes(24).toString('base64url')

export type StrategyToRun = {
  readonly strategy: string
  /** Source file; bundled like anybody's. */
  readonly file: string
  readonly parameters: Record<string, unknown>
}
export type Deployed = StrategyToRun & { readonly code: string }

/** A nats-server of one's own with the platform's users, streams and flushing; an ingest door; strategies deployed. */
export type World = {
  readonly bus: Bus
  readonly cacheDir: string
  urlOf(user: NatsUser): string
  deploy(strategies: readonly StrategyToRun[]): Promise<Deployed[]>
  engine(env?: Record<string, string>): EngineProcess
  /** GET /actors of an engine. */
  actors(url: string): Promise<Readout[]>
  stop(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const passwords = Object.fromEntries(natsUsers.map((user) => [user, randomBytes(16).toString('hex')])) as Record<
    NatsUser,
    string
  >
  const nats = await startTestNats({ config: (where) => serverConfig({ ...where, passwords }) })
  const urlOf = (user: NatsUser) => nats.url.replace('nats://', `nats://${user}:${passwords[user]}@`)
  await applyStreams(urlOf('operator'))
  const bus = await connectNats({ url: urlOf('operator'), name: 'prove' })
  const door = await startIngestDoor()
  const cacheDir = await mkdtemp(path.join(tmpdir(), 'contrail-prove-'))
  const children = new Set<EngineProcess>()
  return {
    bus,
    cacheDir,
    urlOf,
    deploy: (strategies) => deploy(bus, strategies),
    engine(env = {}) {
      const child = new EngineProcess({
        PATH: process.env['PATH'] ?? '', // tidy-ok: what any child process needs
        NODE_COMPILE_CACHE: path.join(cacheDir, 'compiled'),
        CONTRAIL_NATS_URL: urlOf('engine'),
        CONTRAIL_INGEST_URL: door.url,
        CONTRAIL_INTERNAL_TOKEN: TOKEN,
        CONTRAIL_CACHE_DIR: cacheDir,
        ...env,
      })
      children.add(child)
      return child
    },
    async actors(url) {
      const { items } = await internalClient(url, TOKEN).get<{ items: Readout[] }>('/actors')
      return items
    },
    async stop() {
      await Promise.all([...children].map((child) => child.kill()))
      await bus.close()
      await door.close()
      await nats.stop()
      await rm(cacheDir, { recursive: true, force: true })
    },
  }
}

async function deploy(bus: Bus, strategies: readonly StrategyToRun[]): Promise<Deployed[]> {
  const store = await bus.objects('bundles')
  const desired = await bus.kv('strategies')
  const deployed: Deployed[] = []
  for (const { strategy, file, parameters } of strategies) {
    const { text, sha256 } = await bundleModule(file)
    await store.put(sha256, new TextEncoder().encode(text))
    const value = {
      schema: 1,
      tenant: 'main',
      account: 'paper',
      strategy,
      definition: path.basename(file, '.ts'),
      code: sha256,
      parameters,
      state: 'running',
      from: 1,
      revision: 1,
    }
    await desired.put(strategy, encodeJson(value))
    deployed.push({ strategy, file, parameters, code: sha256 })
  }
  return deployed
}

/** What the engine asks ingest for: instruments; there is no archive behind it. */
async function startIngestDoor(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const allowed = request.headers.authorization === `Bearer ${TOKEN}`
    const items = request.url?.startsWith('/instruments') ? [XRP_ETH] : []
    response.writeHead(allowed ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ items }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const URL_SAID = /"url":"(http:[^"]+)"[^\n]*engine runs/

/** One life of an engine worker: a process of its own, as in production. */
export class EngineProcess {
  readonly child: ChildProcess
  readonly spawnedMs = performance.now()
  readonly spawnedUs = Math.floor((performance.timeOrigin + performance.now()) * 1000)
  #said = ''

  constructor(env: Record<string, string>) {
    this.child = spawn(process.execPath, [ENGINE_MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-50_000))
    this.child.stdout?.on('data', keep)
    this.child.stderr?.on('data', keep)
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }
  /** Where it listens, once it does. */
  async url(): Promise<string | undefined> {
    await until('the engine listens', () => this.ended || URL_SAID.test(this.#said))
    return URL_SAID.exec(this.#said)?.[1]
  }
  /** The end of its log. */
  get said(): string {
    return this.#said
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.ended) return
    const exit = once(this.child, 'exit')
    this.child.kill(signal)
    await exit
  }

  async exited(): Promise<NodeJS.Signals | number | null> {
    if (!this.ended) await once(this.child, 'exit')
    return this.child.signalCode ?? this.child.exitCode
  }
}
