import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { killChildren } from './child.ts'
import type { Chosen } from './choice.ts'
import { needSpace } from './disk.ts'
import { BootFault, faultText } from './faults.ts'
import { takeLock } from './lock.ts'
import { provideNats, type NatsPaths } from './nats.ts'
import { providePostgres } from './postgres.ts'
import { openPortBook } from './ports.ts'
import type { TimescaleLevel } from './probes.ts'
import { stopStrays } from './processes.ts'
import { provideRedis } from './redis.ts'
import { stopWhenStuck } from './stuck-store.ts'

export { BootFault, faultText } from './faults.ts'
export { contrailHome, temporaryHome, wipe } from './homes.ts'
export { freePort, isPortFree } from './ports.ts'
export { defaultNatsConfig, resolveNats, startNats } from './nats.ts'
export { stopOnSignal } from './signals.ts'

export type Services = {
  natsUrl: string
  natsMonitorUrl: string
  postgresUrl: string
  redisUrl: string | undefined
  timescale: TimescaleLevel
  chosen: Chosen[]
  /** Settles with a sentence when a service ends though nobody asked it to. */
  died: Promise<string>
  stop(): Promise<void>
  /** At once and without manners. */
  kill(): void
}

export type ServicesOptions = {
  home: string
  natsConfig: (paths: NatsPaths) => string
  postgresPassword: string
  timescale?: boolean
  redis?: boolean
  durable?: boolean
  /** A service that ends by itself is started again, on its own ports, a few times. */
  restart?: boolean
  say: (line: string) => void
}

type Running = {
  name: (typeof stopOrder)[number]
  child?: { ended: Promise<string>; stop(): Promise<void> } | undefined
  /** It had died; settles when the next one is there, or cannot be. */
  restarting?: Promise<void>
}

const PORT_TRIES_MAX = 3
/** Over the life of a platform; one that dies more often is ill. */
const RESTARTS_MAX = 10
/** What others lean on goes last. */
const stopOrder = ['redis', 'nats', 'postgres'] as const

/** Finds or fetches NATS, PostgreSQL and Redis and starts them on loopback, with their data under `home`. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const home = resolve(options.home)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  needSpace(home)
  const lock = takeLock(home)
  const started: Running[] = []
  let stopped: Promise<void> | undefined
  const stopAll = async (): Promise<void> => {
    for (const name of stopOrder) {
      const service = started.find((one) => one.name === name)
      // One that is just being started again may answer already: it is stopped when it is there.
      await service?.restarting?.catch(() => undefined) // its fault is told by who started it
      await service?.child?.stop()
    }
    lock.release()
  }
  const stop = (): Promise<void> => (stopped ??= stopAll())
  try {
    await stopStrays(home, options.say)
    return await startAll({ ...options, home }, started, stop, () => stopped !== undefined)
  } catch (error) {
    await stop()
    throw error
  }
}

async function startAll(
  options: ServicesOptions,
  started: Running[],
  stop: () => Promise<void>,
  isStopping: () => boolean,
): Promise<Services> {
  const { home, say } = options
  const book = openPortBook(home, say)
  const common = { home, say, takePort: (name: string) => book.take(name) }
  const death = Promise.withResolvers<string>()
  const watch = (running: Running, start: () => Promise<{ child: Running['child'] }>, restarts: number): void => {
    void running.child?.ended.then(async (sentence) => {
      if (isStopping()) return
      if (options.restart !== true || restarts === RESTARTS_MAX) return death.resolve(sentence)
      say(`${sentence}; starting it again`)
      try {
        running.restarting = start().then(({ child }) => void (running.child = child))
        await running.restarting
      } catch (error) {
        return death.resolve(`${sentence} and does not start again: ${faultText(error)}`)
      }
      if (isStopping()) return
      watch(running, start, restarts + 1)
    })
  }
  const keep = async <T extends { child: Running['child'] }>(
    name: Running['name'],
    start: () => Promise<T>,
  ): Promise<T> => {
    const service = await onFreePort(start)
    const running: Running = { name, child: service.child }
    started.push(running)
    watch(running, start, 0)
    return service
  }
  const timescale = options.timescale !== false && process.env['CONTRAIL_TIMESCALE'] !== 'off'
  const durable = options.durable !== false
  const password = options.postgresPassword
  const withRedis = options.redis !== false
  // All are awaited even when one fails: a service still on its way up would otherwise be left behind.
  const [postgres, nats, redis] = await Promise.allSettled([
    keep('postgres', () => providePostgres({ ...common, password, timescale, durable })),
    keep('nats', async () => {
      const started = await provideNats({ ...common, config: options.natsConfig })
      const { child, monitorUrl } = started
      if (child && options.restart) stopWhenStuck(child, { monitorUrl, folder: home, say })
      return started
    }),
    withRedis ? keep('redis', () => provideRedis(common)) : undefined,
  ])
  if (postgres.status === 'rejected') throw postgres.reason
  if (nats.status === 'rejected') throw nats.reason
  if (redis.status === 'rejected') throw redis.reason
  const chosen = [postgres.value.chosen, nats.value.chosen, ...(redis.value === undefined ? [] : [redis.value.chosen])]
  say(
    chosen.map(({ service, how, version }) => `${service} ${version} (${how})`).join(', ') +
      timescaleNote(postgres.value),
  )
  return {
    natsUrl: nats.value.url,
    natsMonitorUrl: nats.value.monitorUrl,
    postgresUrl: postgres.value.url,
    redisUrl: redis.value?.url,
    timescale: postgres.value.timescale,
    chosen,
    died: death.promise,
    stop,
    kill: killChildren,
  }
}

const timescaleNote = ({ timescale }: { timescale: TimescaleLevel }): string =>
  timescale === 'none' ? ', without TimescaleDB' : `, TimescaleDB (${timescale} edition)`

async function onFreePort<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      // Between choosing a free port and opening it, another program may have been quicker.
      if (!(error instanceof BootFault && error.code === 'port_in_use') || tries === PORT_TRIES_MAX) throw error
    }
  }
}

/** What a program started beside these services needs to find them. */
export function servicesEnv(services: Services): Record<string, string> {
  return {
    CONTRAIL_NATS_URL: services.natsUrl,
    CONTRAIL_NATS_MONITOR_URL: services.natsMonitorUrl,
    CONTRAIL_POSTGRES_URL: services.postgresUrl,
    CONTRAIL_TIMESCALE_LEVEL: services.timescale,
    ...(services.redisUrl === undefined ? {} : { CONTRAIL_REDIS_URL: services.redisUrl }),
  }
}
