import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { applyStreams, natsUsers, serverConfig } from '@contrail/nats'
import type { NatsUser } from '@contrail/nats'
import { startTestNats } from '@contrail/runtime/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const CLI = path.resolve(import.meta.dirname, '../../../apps/cli/bin/contrail.mjs')

export type Queue = {
  urlOf(user: NatsUser): string
  /** How often trials were handed out, redeliveries included. */
  deliveries(): Promise<number>
  stop(): Promise<void>
}

/** A server of one's own with the platform's users, rights and streams. */
export async function startQueue(): Promise<Queue> {
  const passwords = Object.fromEntries(natsUsers.map((user) => [user, randomBytes(16).toString('hex')])) as Record<
    NatsUser,
    string
  >
  const nats = await startTestNats({ config: (where) => serverConfig({ ...where, passwords }) })
  const urlOf = (user: NatsUser) => nats.url.replace('nats://', `nats://${user}:${passwords[user]}@`)
  await applyStreams(urlOf('operator'))
  return {
    urlOf,
    async deliveries() {
      const user = 'operator'
      const connection = await connect({
        servers: new URL(nats.url).host,
        user,
        pass: passwords[user],
        inboxPrefix: `_INBOX_${user}`,
      })
      const { delivered } = await (await jetstreamManager(connection)).consumers.info('RESEARCH', 'trials')
      await connection.close()
      return delivered.consumer_seq
    },
    stop: () => nats.stop(),
  }
}

/** `contrail worker` processes, one of which is killed without warning every so often, and another takes its place. */
export class Workers {
  kills = 0
  failure: string | undefined
  readonly #url: string
  readonly #living: { name: string; child: ChildProcess }[] = []
  #made = 0
  #timer: NodeJS.Timeout | undefined

  constructor(url: string, count: number) {
    this.#url = url
    for (let i = 0; i < count; i++) this.#start()
  }

  /** Not before something was done since the last time: on a slow machine workers would only ever start. */
  killEvery(ms: number, done: () => number): void {
    let before = 0
    this.#timer = setInterval(() => {
      if (done() <= before) return
      before = done()
      this.kill()
    }, ms)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(
      this.#living.splice(0).map(async ({ child }) => {
        const gone = child.exitCode === null ? once(child, 'exit') : undefined
        child.kill('SIGTERM')
        await gone
      }),
    )
  }

  #start(): void {
    const name = `w${++this.#made}`
    const child = spawn(process.execPath, [CLI, 'worker', '--jobs', '1', '--name', name], {
      env: { ...process.env, CONTRAIL_NATS_URL: this.#url },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-2000)))
    child.once('exit', (code) => {
      if (code) this.failure ??= `worker ${name} ended with ${code}: ${said}`
    })
    this.#living.push({ name, child })
  }

  /** The one that has lived longest: it is at work, not starting. */
  kill(): void {
    const oldest = this.#living.shift()
    if (!oldest) return
    oldest.child.kill('SIGKILL')
    this.kills++
    this.#start()
  }
}
