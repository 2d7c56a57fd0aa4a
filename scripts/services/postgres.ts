import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, untilReady, type Child, type Command } from './child.ts'
import { sourceOrder, type Chosen } from './choice.ts'
import { dockerCommand, needDocker } from './docker.ts'
import { BootFault } from './faults.ts'
import { findPostgres, type PostgresBinaries } from './postgres-binaries.ts'
import { explainPostgresLog, removeStaleLock } from './postgres-state.ts'
import { postgresUser, type PostgresUser } from './postgres-user.ts'
import { accepts, LOOPBACK } from './ports.ts'
import { probePostgres, probePostgresFromEnv, type TimescaleLevel } from './probes.ts'

export type Postgres = { url: string; timescale: TimescaleLevel; chosen: Chosen; child: Child | undefined }

type Options = {
  home: string
  password: string
  timescale: boolean
  /** False gives up crash safety for speed: for tests only. */
  durable: boolean
  takePort: (name: string) => Promise<number>
  say: (line: string) => void
}

const ADMIN = 'postgres'
const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 20_000

export async function providePostgres(options: Options): Promise<Postgres> {
  const [first] = sourceOrder('postgres', process.env)
  if (first === 'env') return { ...(await probePostgresFromEnv(process.env)), child: undefined }
  if (first === 'docker') return startInDocker(options)
  const user = postgresUser()
  const binaries = await findPostgres({ timescale: options.timescale, user, say: options.say })
  const data = join(user.dataFolder(options.home), 'data')
  if (!existsSync(data)) createData(data, binaries, user, options)
  checkMajor(data, binaries.major)
  removeStaleLock(data)
  const port = await options.takePort('postgres')
  const child = startChild({
    name: 'postgres',
    command: serverCommand(data, port, binaries, user, options),
    ...childOptions(options.home),
  })
  const ready = async (): Promise<boolean> => saysReady(data) && (await accepts(port))
  const explain = (log: string): BootFault | undefined => explainPostgresLog(log, data)
  await untilReady(child, ready, { limitMs: READY_LIMIT_MS, explain })
  return finish(child, urlOf(port, options.password), data, binaries.how)
}

const urlOf = (port: number, password: string): string =>
  `postgres://${ADMIN}:${encodeURIComponent(password)}@${LOOPBACK}:${port}/postgres`

const childOptions = (home: string) =>
  ({
    home,
    logFile: join(home, 'logs', 'postgres.log'),
    // SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is on disk.
    stopSignal: 'SIGINT',
    stopLimitMs: STOP_LIMIT_MS,
  }) as const

async function finish(child: Child, url: string, data: string, how: string): Promise<Postgres> {
  try {
    const { version, timescale } = await probePostgres(url)
    return { url, timescale, chosen: { service: 'postgres', how, version }, child }
  } catch (error) {
    await child.stop()
    if (!(error instanceof Error && 'code' in error && error.code === '28P01')) throw error
    const mend = 'put back the secrets that belong to it, or begin anew with --fresh'
    throw new BootFault('wrong_password', `the data in ${data} was made with another password`, mend)
  }
}

/** Made aside and renamed, so that an interrupted initdb leaves nothing that looks like data. */
function createData(data: string, binaries: PostgresBinaries, user: PostgresUser, options: Options): void {
  options.say('creating the database cluster (once)')
  const folder = join(data, '..')
  const part = `${data}.part`
  const passwordFile = join(folder, 'password')
  rmSync(part, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  user.own(folder)
  writeFileSync(passwordFile, options.password, { mode: 0o600 })
  user.own(passwordFile)
  // The built-in provider sorts alike on every machine and needs no locale of the system; it came with 17.
  const locale = binaries.major >= 17 ? ['--locale-provider=builtin', '--locale=C.UTF-8'] : ['--no-locale']
  const access = ['-U', ADMIN, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const sync = options.durable ? [] : ['--no-sync']
  const args = ['-D', part, ...access, '--data-checksums', '-E', 'UTF8', ...locale, ...sync, '--no-instructions']
  const [file, rest] = split([...user.prefix, binaries.initdb, ...args])
  const ran = spawnSync(file, rest, { env: serverEnvironment(), cwd: folder, encoding: 'utf8', ...user.ids })
  rmSync(passwordFile, { force: true })
  if (ran.status === 0) return renameSync(part, data)
  rmSync(part, { recursive: true, force: true })
  const complaint = `${ran.stderr ?? ''}${ran.error?.message ?? ''}`.trim()
  const known = explainPostgresLog(complaint, data)
  const last = complaint.split('\n').at(-1) ?? ''
  throw known ?? new BootFault('start_failed', last, 'mend that, or set DATABASE_URL to use another PostgreSQL')
}

const split = (words: readonly string[]): [string, string[]] => [words[0] ?? '', words.slice(1)]

const serverEnvironment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C',
  TZ: 'UTC',
})

function serverCommand(
  data: string,
  port: number,
  binaries: PostgresBinaries,
  user: PostgresUser,
  options: Options,
): Command {
  const settings = {
    listen_addresses: LOOPBACK,
    unix_socket_directories: '', // A socket's path has a length limit, and its folder a permission, that a port has not.
    max_connections: '200',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...(binaries.timescale ? timescaleSettings : {}),
  }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const words = [...user.prefix, ...binaries.loader, binaries.postgres, '-D', data, '-p', String(port), ...flags]
  const [file, args] = split(words)
  return { file, args, env: serverEnvironment(), cwd: join(data, '..'), ...user.ids }
}

const timescaleSettings = {
  shared_preload_libraries: 'timescaledb',
  'timescaledb.telemetry_level': 'off',
}

/** The eighth line of postmaster.pid is the server's own word for its state. */
function saysReady(data: string): boolean {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

function checkMajor(data: string, major: number): void {
  let made: string
  try {
    made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  } catch {
    const mend = 'put it back from a backup, or begin anew with --fresh'
    throw new BootFault('corrupt_data', `${data} is no PostgreSQL data folder (PG_VERSION is missing)`, mend)
  }
  if (Number(made) === major) return
  const mend = `put PostgreSQL ${made} on PATH, or begin anew with --fresh`
  throw new BootFault('corrupt_data', `${data} was made by PostgreSQL ${made}, this one is ${major}`, mend)
}

async function startInDocker(options: Options): Promise<Postgres> {
  needDocker('postgres')
  const data = join(options.home, 'postgres', 'docker')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const port = await options.takePort('postgres')
  const durability = options.durable ? [] : ['-c', 'fsync=off', '-c', 'synchronous_commit=off']
  const network = ['-c', `listen_addresses=${LOOPBACK}`, '-p', String(port)]
  const command = dockerCommand('postgres', options.home, ['postgres', ...network, ...durability], {
    environment: {
      PGDATA: data,
      POSTGRES_PASSWORD: options.password,
      POSTGRES_INITDB_ARGS: '--auth=scram-sha-256 --data-checksums --locale-provider=builtin --locale=C.UTF-8',
      TIMESCALEDB_TELEMETRY: 'off',
    },
    imageUser: true,
  })
  const child = startChild({ name: 'postgres', command, ...childOptions(options.home) })
  const explain = (log: string): BootFault | undefined => explainPostgresLog(log, data)
  await untilReady(child, () => accepts(port), { limitMs: READY_LIMIT_MS, explain })
  return finish(child, urlOf(port, options.password), data, 'docker')
}
