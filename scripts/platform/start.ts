import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { DatabaseUrls, DbRole } from '@contrail/db'
import type { NatsUser } from '@contrail/nats'
// By file, not by package: the supervisor runs for as long as the platform and loads no driver and no client.
import { DB_ROLES } from '../../db/src/names.ts'
import { assertDurable } from '../../nats/src/durable.ts'
import { natsUsers } from '../../nats/src/permissions.ts'
import { serverConfig } from '../../nats/src/server-config.ts'
import { startServices } from '../services/index.ts'
import type { Services } from '../services/index.ts'
import { startHost } from './child.ts'
import type { Host } from './child.ts'
import { freePorts } from './free-ports.ts'
import { prepare } from './prepare.ts'
import { loadSecrets, tokenFile } from './secrets.ts'
import { appSettings, withUser } from './settings.ts'
import type { Ports } from './settings.ts'

export type PlatformOptions = {
  readonly home: string
  /** Of the gateway; 0 = free. */
  readonly port: number
  /** A person asked for this very port. */
  readonly portByHand?: boolean
  readonly say: (line: string) => void
  /** Extra settings per app. */
  readonly extra?: Record<string, Record<string, string>>
  readonly timescale?: boolean
  /** Services that already run (proofs, tests); they are not stopped with the platform. */
  readonly services?: Pick<Services, 'natsUrl' | 'natsMonitorUrl' | 'postgresUrl' | 'redisUrl'>
  /** Prefix of the databases' and roles' names. */
  readonly databases?: string
}

export type Platform = {
  readonly url: string
  readonly natsUrl: string
  readonly postgresUrl: string
  readonly databases: DatabaseUrls
  readonly secrets: { internal: string; nats: Record<string, string> }
  readonly urls: Record<string, string>
  /** Only when this start made it. */
  readonly firstToken: string | undefined
  readonly tokenFile: string
  readonly hosts: readonly Host[]
  /** Settles with a sentence when a service of ours ends though nobody asked it to. */
  readonly died: Promise<string> | undefined
  stop(): Promise<void>
}

const APPS_OF_CORE = ['ingest', 'orders', 'portfolio', 'strategies', 'gateway'] as const

/** Services, databases, streams, then our processes, in this order; a failure on the way stops what had started. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { home, say } = options
  const { secrets, firstToken } = loadSecrets(home, DB_ROLES, natsUsers)
  const own = options.services
    ? undefined
    : await startServices({
        home,
        natsConfig: (paths) => serverConfig({ ...paths, passwords: secrets.nats as Record<NatsUser, string> }),
        postgresPassword: secrets.postgres,
        restart: true,
        say,
        ...(options.timescale === undefined ? {} : { timescale: options.timescale }),
      })
  const hosts: Host[] = []
  const stop = async () => {
    for (const host of [...hosts].reverse()) {
      say(`stopping ${host.name}`)
      await host.stop()
    }
    await own?.stop()
  }
  try {
    const services = options.services ?? (own as Services)
    return await startOurs(options, services, { secrets, firstToken, own, hosts, stop })
  } catch (error) {
    await stop()
    throw error
  }
}

type Ours = {
  secrets: ReturnType<typeof loadSecrets>['secrets']
  firstToken: string | undefined
  own: Services | undefined
  hosts: Host[]
  stop: () => Promise<void>
}

async function startOurs(
  options: PlatformOptions,
  services: NonNullable<PlatformOptions['services']>,
  ours: Ours,
): Promise<Platform> {
  const { home, say } = options
  const { secrets, hosts } = ours
  await assertDurable(services.natsMonitorUrl)
  say('bringing databases, streams and the page up to date')
  const operatorUrl = withUser(services.natsUrl, 'operator', secrets.nats['operator'] as string)
  const webDir = path.join(home, 'web')
  const databases = await prepare({
    postgresUrl: services.postgresUrl,
    databases: options.databases,
    roles: secrets.roles as Record<DbRole, string>,
    operatorNatsUrl: operatorUrl,
    webDir,
  })
  const ports = (await freePorts(home, { port: options.port, byHand: options.portByHand }, say)) as Ports
  const logs = path.join(home, 'logs')
  mkdirSync(logs, { recursive: true })
  // For the CLI of the same user: replay reads streams, data import writes the archive.
  const connections = { operatorNatsUrl: operatorUrl, marketDbUrl: databases.recorder.market }
  writeFileSync(path.join(home, 'connections.json'), JSON.stringify(connections), { mode: 0o600 })
  const input = {
    natsUrl: services.natsUrl,
    redisUrl: services.redisUrl,
    databases,
    secrets,
    ports,
    home,
    extra: {
      ...options.extra,
      gateway: {
        CONTRAIL_GATEWAY_TOKEN_SHA256: secrets.adminTokenSha256,
        CONTRAIL_GATEWAY_WEB_DIR: webDir,
        CONTRAIL_GATEWAY_SESSION_FILE: path.join(home, 'sessions.json'),
        ...options.extra?.['gateway'],
      },
      engine: { CONTRAIL_CACHE_DIR: path.join(home, 'bundles'), ...options.extra?.['engine'] },
    },
  }
  say('starting our processes')
  const settings = (apps: readonly (keyof Ports)[]) =>
    Object.fromEntries(apps.map((app) => [app, appSettings(app, input)]))
  hosts.push(startHost({ name: 'core', apps: settings(APPS_OF_CORE), keepStreams: operatorUrl }, { logs, say }))
  hosts.push(startHost({ name: 'engine', apps: settings(['engine']) }, { logs, say }))
  const ready = await Promise.all(hosts.map((host) => host.ready))
  return {
    url: `http://127.0.0.1:${ports.gateway}`,
    natsUrl: services.natsUrl,
    postgresUrl: services.postgresUrl,
    databases,
    secrets,
    urls: Object.assign({}, ...ready.map(({ urls }) => urls)) as Record<string, string>,
    firstToken: ours.firstToken,
    tokenFile: tokenFile(home),
    hosts,
    died: ours.own?.died,
    stop: ours.stop,
  }
}
