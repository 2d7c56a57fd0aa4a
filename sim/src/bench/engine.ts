import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { encodeJson } from '@contrail/contracts'
import { NODE_FLAGS } from '../../../scripts/platform/child.ts'
import { freePort } from '../../../scripts/services/index.ts'
import { endChild, keepChild } from './children.ts'
import type { World } from './world.ts'

export type EngineOptions = {
  readonly settings?: Record<string, string>
  readonly nodeFlags?: readonly string[]
}
export type ActorView = {
  readonly strategy: string
  readonly status: string
  readonly inputs: number
  readonly number: number
  readonly activationMs: number | null
  readonly detail: string
}
export type Engine = {
  readonly pid: number
  /** Where Node's inspector listens, when it was asked for. */
  readonly inspectorUrl: Promise<string>
  actors(): Promise<ActorView[]>
  /** All of these are live. */
  live(count: number, limitMs?: number): Promise<ActorView[]>
  pause(): void
  resume(): void
  kill9(): Promise<void>
  stop(): Promise<void>
}

const READY_MS_MAX = 20_000
const LOOK_EVERY_MS = 50

/** The engine as users run it: its own main.ts in its own process. */
export async function startEngine(world: World, options: EngineOptions = {}): Promise<Engine> {
  const port = await freePort()
  const token = randomBytes(16).toString('hex')
  const main = path.resolve(import.meta.dirname, '../../../apps/engine/src/main.ts')
  const logFile = path.join(world.folder, 'engine.log')
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, [...NODE_FLAGS, ...world.engineFlags, ...(options.nodeFlags ?? []), main], {
    stdio: ['ignore', log, 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      CONTRAIL_NATS_URL: world.natsUrl,
      CONTRAIL_INGEST_URL: world.archiveUrl,
      CONTRAIL_INTERNAL_TOKEN: token,
      CONTRAIL_HOST: '127.0.0.1',
      CONTRAIL_PORT: String(port),
      // A worker that the bench stops for a while is not dead.
      CONTRAIL_WORKER_TTL_MS: '60000',
      ...options.settings,
    },
  })
  closeSync(log)
  keepChild(child)
  const said: string[] = []
  const inspectorUrl = new Promise<string>((resolve) => {
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      said.push(line)
      const url = /Debugger listening on (ws:\S+)/.exec(line)?.[1]
      if (url) resolve(url)
    })
  })
  const url = `http://127.0.0.1:${port}`
  const actors = async (): Promise<ActorView[]> => {
    const answer = await fetch(`${url}/actors`, { headers: { authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { items: ActorView[] }).items
  }
  const alive = () => {
    if (child.exitCode === null) return
    const end = [...readFileSync(logFile, 'utf8').trim().split('\n').slice(-3), ...said.slice(-10)].join('\n')
    throw new Error(`the engine ended with ${child.exitCode}: ${end}`)
  }
  await until('the engine is ready', READY_MS_MAX, async () => {
    alive()
    return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true
  })
  return {
    pid: child.pid as number,
    inspectorUrl,
    actors,
    async live(count, limitMs = 120_000) {
      let all: ActorView[] = []
      await until(`${count} actors are live`, limitMs, async () => {
        alive()
        all = await actors()
        const ended = all.find(({ status }) => status === 'halted' || status === 'fenced')
        if (ended) throw new Error(`${ended.strategy} is ${ended.status}: ${ended.detail}`)
        return all.filter(({ status }) => status === 'live').length >= count
      })
      return all
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill9: () => endChild(child),
    stop: () => endChild(child, 'SIGTERM'),
  }
}

export async function until(what: string, limitMs: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not happen within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

export type BenchStrategy = {
  readonly strategy: string
  readonly instruments: readonly string[]
  readonly every?: number
  readonly answers?: boolean
  readonly from?: 'live' | number
}

/** As apps/strategies does it: the bundle into the store, the desired state into the bucket. */
export async function deploy(world: World, strategies: readonly BenchStrategy[]): Promise<void> {
  const bucket = await world.bus.kv('strategies')
  const { sha256 } = world.bundle
  const put = ({ strategy, instruments, every = 0, answers = false, from = 'live' }: BenchStrategy) => {
    const parameters = { venue: world.venue, instruments, every, answers }
    const head = { schema: 1, tenant: 'main', account: 'paper', strategy, definition: 'bench', code: sha256 }
    return bucket.put(strategy, encodeJson({ ...head, parameters, state: 'running', from, revision: 1 }))
  }
  await inBatches(strategies, put)
}

/** Nothing is desired any more: the next engine begins empty. */
export async function undeployAll(world: World): Promise<void> {
  const bucket = await world.bus.kv('strategies')
  await inBatches(await bucket.keys(), (key) => bucket.delete(key))
}

/**
 * Each write is synced to the disk: where that takes 4 ms beside other work, the last of 32 at once waits for longer than a
 * publish may.
 */
const AT_ONCE = 8

async function inBatches<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(act))
}
