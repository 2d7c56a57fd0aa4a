import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import postgres from 'postgres'
import { urlVariables, type Chosen, type Environment, type ServiceName } from './choice.ts'
import { BootFault } from './faults.ts'
import { NATS_LEAST } from './nats.ts'
import { atLeast, parseVersion } from './versions.ts'

export type TimescaleLevel = 'timescale' | 'apache' | 'none'

const PROBE_LIMIT_MS = 5_000

/** Never shows what stands before the @. */
export const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//')

function unreachable(service: ServiceName, url: string, why: string): BootFault {
  const variable = urlVariables[service]
  const what = `${variable} points to ${withoutPassword(url)}, which does not answer as ${service} (${why})`
  return new BootFault('unreachable', what, `start that server, or correct or unset ${variable}`)
}

function urlFrom(service: ServiceName, environment: Environment, defaultPort: number): { url: URL; port: number } {
  const text = (environment[urlVariables[service]] ?? '').split(',')[0] ?? ''
  try {
    const url = new URL(text.includes('://') ? text : `${service}://${text}`)
    return { url, port: Number(url.port) || defaultPort }
  } catch {
    throw new BootFault('bad_option', `${urlVariables[service]} is not a URL`, `write it as ${service}://host:port`)
  }
}

export async function probeNats(
  environment: Environment,
): Promise<{ url: string; monitorUrl: string; chosen: Chosen }> {
  const { url, port } = urlFrom('nats', environment, 4222)
  const greeting = await converse('nats', url, port, '', '\r\n')
  const info = JSON.parse(/^INFO (\{.*\})/.exec(greeting)?.[1] ?? '{}') as { version?: string; jetstream?: boolean }
  const version = parseVersion(info.version ?? '')
  if (version === undefined) throw unreachable('nats', url.href, 'no greeting')
  const mend = `use nats-server >= ${NATS_LEAST.major}.${NATS_LEAST.minor} with JetStream on, or unset NATS_URL`
  if (!atLeast(version, NATS_LEAST)) {
    throw new BootFault('missing_binary', `NATS_URL is nats-server ${version.text}, which is too old`, mend)
  }
  if (info.jetstream !== true) throw new BootFault('missing_binary', 'the server at NATS_URL has no JetStream', mend)
  const monitorUrl = environment['NATS_MONITOR_URL'] ?? `http://${url.hostname}:8222`
  const plain = `${url.protocol}//${url.hostname}:${port}`
  return { url: plain, monitorUrl, chosen: { service: 'nats', how: 'env', version: version.text } }
}

export async function probeRedis(environment: Environment): Promise<{ url: string; chosen: Chosen }> {
  const { url, port } = urlFrom('redis', environment, 6379)
  const user = decodeURIComponent(url.username)
  const password = decodeURIComponent(url.password)
  const auth = password === '' ? [] : [`AUTH ${user === '' ? '' : `${user} `}${password}\r\n`]
  const answer = await converse('redis', url, port, [...auth, 'INFO server\r\n'].join(''), 'redis_mode', '-')
  const refusal = /^-(.*)/m.exec(answer)?.[1]
  if (refusal !== undefined) throw unreachable('redis', url.href, refusal.trim())
  const version = /(?:valkey|redis)_version:(\S+)/.exec(answer)?.[1] ?? 'unknown'
  return { url: environment['REDIS_URL'] ?? url.href, chosen: { service: 'redis', how: 'env', version } }
}

/** Sends, then reads until the mark (or a line that starts with the refusal sign) has come. */
function converse(
  service: ServiceName,
  url: URL,
  port: number,
  send: string,
  mark: string,
  refusalSign?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const target = { port, host: url.hostname }
    const socket: Socket = url.protocol === 'rediss:' ? connectTls(target) : connectPlain(target)
    let heard = ''
    const fail = (why: string): void => {
      socket.destroy()
      reject(unreachable(service, url.href, why))
    }
    const timer = setTimeout(() => fail(`silent for ${PROBE_LIMIT_MS / 1000} s`), PROBE_LIMIT_MS)
    socket.once('close', () => clearTimeout(timer))
    socket.once('error', (error) => fail('code' in error ? String(error.code) : error.message))
    socket.once('end', () => fail('it hung up'))
    socket.on('data', (chunk) => {
      heard += chunk.toString('utf8')
      const refused = refusalSign !== undefined && heard.split('\n').some((line) => line.startsWith(refusalSign))
      if (!heard.includes(mark) && !refused) return
      socket.destroy()
      resolve(heard)
    })
    socket.write(send)
  })
}

export async function probePostgres(url: string): Promise<{ version: string; timescale: TimescaleLevel }> {
  const sql = postgres(url, { max: 1, connect_timeout: PROBE_LIMIT_MS / 1000, onnotice: () => {} })
  try {
    const [row] = await sql<{ version: string; preloaded: string; timescale: string | null }[]>`
      select current_setting('server_version') as version, current_setting('shared_preload_libraries') as preloaded,
        (select default_version from pg_available_extensions where name = 'timescaledb') as timescale`
    const version = row?.version.split(' ')[0] ?? 'unknown'
    if (!row?.preloaded.includes('timescaledb') || row.timescale === null) return { version, timescale: 'none' }
    return { version, timescale: await editionOf(sql, row.timescale) }
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The edition shows only once the library is loaded; who may not load it gets what works in both. */
async function editionOf(sql: postgres.Sql, version: string): Promise<TimescaleLevel> {
  try {
    await sql.unsafe(`load '$libdir/timescaledb-${version}'`)
  } catch {
    return 'apache'
  }
  const [row] = await sql<{ license: string | null }[]>`select current_setting('timescaledb.license', true) as license`
  return row?.license === 'timescale' ? 'timescale' : 'apache'
}

export async function probePostgresFromEnv(
  environment: Environment,
): Promise<{ url: string; chosen: Chosen; timescale: TimescaleLevel }> {
  const url = environment['DATABASE_URL'] ?? ''
  const probed = await probePostgres(url).catch((error: unknown) => {
    throw unreachable('postgres', url, error instanceof Error ? error.message || error.name : String(error))
  })
  if (Number.parseInt(probed.version, 10) < 16) {
    throw new BootFault('missing_binary', `DATABASE_URL is PostgreSQL ${probed.version}, which is too old`, 'use >= 16')
  }
  return { url, chosen: { service: 'postgres', how: 'env', version: probed.version }, timescale: probed.timescale }
}
