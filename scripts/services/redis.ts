import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, untilReady, type Child, type Command } from './child.ts'
import { sourceOrder, type Chosen, type Source } from './choice.ts'
import { debianPackages } from './debian.ts'
import { dockerCommand, needDocker } from './docker.ts'
import { BootFault } from './faults.ts'
import { accepts, LOOPBACK } from './ports.ts'
import { probeRedis } from './probes.ts'
import { goodEnough, versionOf } from './programs.ts'

export type Redis = { url: string | undefined; chosen: Chosen; child: Child | undefined }

const REDIS_LEAST = { major: 6, minor: 2 }
const READY_LIMIT_MS = 20_000
const STOP_LIMIT_MS = 5_000
const MEMORY_MAX = '256mb'

type Options = {
  home: string
  takePort: (name: string) => Promise<number>
  say: (line: string) => void
}
type Found = { how: Source; version: string; command: (configFile: string) => Command }

/** A cache: the platform does without, so anything but a wrong wish of the caller ends in `url: undefined`. */
export async function provideRedis(options: Options): Promise<Redis> {
  const [first] = sourceOrder('redis', process.env)
  if (first === 'env') return { ...(await probeRedis(process.env)), child: undefined }
  if (first === 'docker') needDocker('redis')
  const found = await find(options)
  if (typeof found !== 'string') return start(found, options)
  options.say(`warning: no Redis or Valkey (${found}); the platform works without it, a little slower`)
  return { url: undefined, chosen: { service: 'redis', how: 'none', version: '-' }, child: undefined }
}

async function find(options: Options): Promise<Found | string> {
  const reasons: string[] = []
  for (const source of sourceOrder('redis', process.env)) {
    const found = await findAt(source, options)
    if (typeof found !== 'string') return found
    reasons.push(`${source}: ${found}`)
  }
  return reasons.join('; ')
}

async function findAt(source: Source, { home, say }: Options): Promise<Found | string> {
  if (source === 'docker') {
    const command = (configFile: string): Command =>
      dockerCommand('redis', home, [configFile], { entrypoint: 'valkey-server' })
    return { how: source, version: 'image', command }
  }
  if (source === 'path') {
    const found = goodEnough(['redis-server', 'valkey-server'], REDIS_LEAST)
    if (found === undefined) return 'none'
    return { how: source, version: found.version.text, command: (file) => ({ file: found.file, args: [file] }) }
  }
  const debian = await debianPackages(say)
  if (typeof debian === 'string') return debian
  const program = debian.program('valkey-server')
  const version = program === undefined ? undefined : versionOf(program)
  if (program === undefined || version === undefined) return 'the package does not run here'
  return { how: source, version: version.text, command: (file) => ({ file: program, args: [file] }) }
}

async function start(found: Found, { home, takePort }: Options): Promise<Redis> {
  const port = await takePort('redis')
  // Nothing is kept on disk, so a new password per start costs nobody anything.
  const password = randomBytes(24).toString('base64url')
  const folder = join(home, 'redis')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const configFile = join(folder, 'server.conf')
  const lines = [
    `bind ${LOOPBACK}`,
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    'save ""',
    'appendonly no',
    `maxmemory ${MEMORY_MAX}`,
    'maxmemory-policy allkeys-lru',
  ]
  writeFileSync(configFile, lines.join('\n') + '\n', { mode: 0o600 })
  const child = startChild({
    name: 'redis',
    command: found.command(configFile),
    home,
    logFile: join(home, 'logs', 'redis.log'),
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_LIMIT_MS,
  })
  await untilReady(child, () => accepts(port), { limitMs: READY_LIMIT_MS, explain: explainRedisLog })
  const chosen = { service: 'redis', how: found.how, version: found.version }
  return { url: `redis://:${password}@${LOOPBACK}:${port}`, chosen, child }
}

function explainRedisLog(log: string): BootFault | undefined {
  if (!/Address already in use/i.test(log)) return undefined
  return new BootFault('port_in_use', 'redis: the port is in use', 'start again to take another port')
}
