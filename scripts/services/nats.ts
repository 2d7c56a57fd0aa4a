import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startChild, untilReady, type Child } from './child.ts'
import { sourceOrder, type Chosen, type Source } from './choice.ts'
import { debianPackages, servicesFolder } from './debian.ts'
import { dockerCommand, needDocker } from './docker.ts'
import { BootFault } from './faults.ts'
import { freePort, LOOPBACK } from './ports.ts'
import { probeNats } from './probes.ts'
import { goodEnough, versionOf } from './programs.ts'
import { fetchArchive, natsRelease } from './release.ts'

export type NatsPaths = { storeDir: string; port: number; monitorPort: number }
export type Nats = { url: string; monitorUrl: string; chosen: Chosen; child: Child | undefined }
export type NatsBinary = { path: string; how: Source; version: string }

/** Counters, per-message TTL markers and atomic batches, which the platform uses, came with it. */
export const NATS_LEAST = { major: 2, minor: 14 }
const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000

export const defaultNatsConfig = ({ storeDir, port, monitorPort }: NatsPaths): string => `
host: "${LOOPBACK}"
port: ${port}
http: "${LOOPBACK}:${monitorPort}"
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  sync_interval: always
  max_mem: 2GB
}
`

/** Finds (or fetches) a nats-server that is new enough. */
export async function resolveNats(say: (line: string) => void = () => {}): Promise<NatsBinary> {
  const reasons: string[] = []
  const sources = sourceOrder('nats', process.env).filter((source) => source !== 'env' && source !== 'docker')
  for (const source of sources.length > 0 ? sources : (['path', 'apt', 'release'] as const)) {
    const found = source === 'path' ? fromPath() : source === 'apt' ? await fromDebian(say) : await fromRelease(say)
    if (typeof found !== 'string') return found
    reasons.push(`${source}: ${found}`)
  }
  throw new BootFault(
    'missing_binary',
    `no nats-server >= ${NATS_LEAST.major}.${NATS_LEAST.minor} (${reasons.join('; ')})`,
    'install one on PATH (macOS: brew install nats-server), or set NATS_URL, or use BOOT=docker',
  )
}

function fromPath(): NatsBinary | string {
  const found = goodEnough(['nats-server'], NATS_LEAST)
  return found === undefined ? 'none' : { path: found.file, how: 'path', version: found.version.text }
}

async function fromDebian(say: (line: string) => void): Promise<NatsBinary | string> {
  const debian = await debianPackages(say)
  if (typeof debian === 'string') return debian
  const path = debian.program('nats-server')
  const version = path === undefined ? undefined : versionOf(path)
  if (path === undefined || version === undefined) return 'the package does not run here'
  return { path, how: 'apt', version: version.text }
}

async function fromRelease(say: (line: string) => void): Promise<NatsBinary | string> {
  const release = natsRelease()
  if (release === undefined) return 'no pinned release for this system'
  say(`fetching nats-server ${release.version} from its release page`)
  const found = await fetchArchive(release, join(servicesFolder(), `nats-server-${release.version}`))
  return 'path' in found ? { path: found.path, how: 'release', version: release.version } : found.refused
}

/** A server of one's own, for tests of permissions, faults and recovery. Ports are free ones. */
export async function startNats(options: {
  storeDir: string
  config?: (paths: NatsPaths) => string
  port?: number
  monitorPort?: number
}): Promise<{ url: string; monitorUrl: string; pid: number; stop(): Promise<void>; kill(): void }> {
  const port = options.port ?? (await freePort())
  const monitorPort = options.monitorPort ?? (await freePort())
  const given = process.env['CONTRAIL_NATS_BINARY']
  const binary = given || (await resolveNats()).path
  const { storeDir } = options
  const text = (options.config ?? defaultNatsConfig)({ storeDir, port, monitorPort })
  const child = await startServer({
    command: (configFile) => ({ file: binary, args: ['-c', configFile] }),
    configFile: `${storeDir}.conf`,
    logFile: `${storeDir}.log`,
    home: undefined,
    paths: { storeDir, port, monitorPort },
    text,
  })
  const { pid } = child
  return { ...urlsOf(port, monitorPort), pid, stop: () => child.stop(), kill: () => child.kill() }
}

/** The platform's server, from wherever it can be had. */
export async function provideNats(options: {
  home: string
  config: (paths: NatsPaths) => string
  takePort: (name: string) => Promise<number>
  say: (line: string) => void
}): Promise<Nats> {
  const [first] = sourceOrder('nats', process.env)
  if (first === 'env') return { ...(await probeNats(process.env)), child: undefined }
  if (first === 'docker') needDocker('nats')
  const binary = first === 'docker' ? undefined : await resolveNats(options.say)
  const port = await options.takePort('nats')
  const monitorPort = await options.takePort('natsMonitor')
  const folder = join(options.home, 'nats')
  const paths = { storeDir: join(folder, 'store'), port, monitorPort }
  const child = await startServer({
    command: (configFile) =>
      binary === undefined
        ? dockerCommand('nats', options.home, ['-c', configFile])
        : { file: binary.path, args: ['-c', configFile] },
    configFile: join(folder, 'server.conf'),
    logFile: join(options.home, 'logs', 'nats.log'),
    home: options.home,
    paths,
    text: options.config(paths),
  })
  const version = binary?.version ?? /Version:\s+(\S+)/.exec(child.logged())?.[1] ?? 'unknown'
  return { ...urlsOf(port, monitorPort), chosen: { service: 'nats', how: binary?.how ?? 'docker', version }, child }
}

const urlsOf = (port: number, monitorPort: number): { url: string; monitorUrl: string } => ({
  url: `nats://${LOOPBACK}:${port}`,
  monitorUrl: `http://${LOOPBACK}:${monitorPort}`,
})

async function startServer(options: {
  command: (configFile: string) => { file: string; args: readonly string[] }
  configFile: string
  logFile: string
  home: string | undefined
  paths: NatsPaths
  text: string
}): Promise<Child> {
  const { configFile, logFile, home, paths } = options
  mkdirSync(dirname(configFile), { recursive: true, mode: 0o700 })
  if (!existsSync(paths.storeDir)) mkdirSync(paths.storeDir, { recursive: true, mode: 0o700 })
  writeFileSync(configFile, options.text, { mode: 0o600 })
  const child = startChild({
    name: 'nats',
    command: options.command(configFile),
    home,
    logFile,
    stopSignal: 'SIGINT',
    stopLimitMs: STOP_LIMIT_MS,
  })
  const healthUrl = `http://${LOOPBACK}:${paths.monitorPort}/healthz`
  const explain = (log: string): BootFault | undefined => explainNatsLog(log, paths.storeDir)
  // A server with a damaged store stays up and never becomes healthy: no use to wait for it.
  const settled = async (): Promise<boolean> => explain(child.logged()) !== undefined || (await isHealthy(healthUrl))
  await untilReady(child, settled, { limitMs: READY_LIMIT_MS, explain })
  const damage = explain(child.logged())
  if (damage === undefined) return child
  await child.stop()
  throw damage
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

// A consumer without its checksum is none of these: a kill in the moment of its making leaves that, and it is made again.
const damagePattern = new RegExp(
  [
    'metafile',
    'missing stream checksum',
    'checksums do not match',
    'could not be recovered',
    'error (recreating|recovering|restoring|decrypting|unmarshalling)',
    "can't start jetstream",
  ].join('|'),
  'i',
)

/**
 * nats-server starts without a stream whose metadata it cannot read, as if the stream had never been: for us that is a
 * loss to stop at, not a warning to scroll past.
 */
export function explainNatsLog(log: string, storeDir: string): BootFault | undefined {
  const lines = log.split('\n')
  const detail = (pattern: RegExp): string | undefined =>
    lines.find((line) => pattern.test(line))?.replace(/^.*\[[A-Z]{3}\]\s*/, '')
  const full = detail(/no space left|insufficient storage/i)
  if (full !== undefined) {
    return new BootFault('disk_full', `nats: the disk is full (${full})`, 'free some space and start again')
  }
  const taken = detail(/address already in use/i)
  if (taken !== undefined) return new BootFault('port_in_use', `nats: ${taken}`, 'start again to take another port')
  const damaged = detail(damagePattern)
  if (damaged === undefined) return undefined
  const mend = `put ${storeDir} back from a backup, or begin anew with --fresh`
  return new BootFault('corrupt_data', `nats: the store is damaged (${damaged})`, mend)
}
