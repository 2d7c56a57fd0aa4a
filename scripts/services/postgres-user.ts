import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { runs } from './programs.ts'

/**
 * PostgreSQL refuses to run as root, and initdb wants a user that has a name. A user namespace that maps us to nobody
 * cures both without touching the ownership of files. Where namespaces are forbidden, root becomes nobody for real, and
 * the data then has to live where nobody may go.
 */
export type PostgresUser = {
  readonly prefix: readonly string[]
  readonly ids: { uid: number; gid: number } | undefined
  dataFolder(home: string): string
  binariesFolder(services: string): string
  own(path: string): void
  share(folder: string): void
}

const NOBODY = 65534

export function postgresUser(environment: NodeJS.ProcessEnv = process.env): PostgresUser {
  const isRoot = process.getuid?.() === 0
  if (process.platform !== 'linux' || (!isRoot && hasName())) return plain([])
  const namespace = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`]
  const allowed = environment['BOOT_NAMESPACES'] !== 'off' && runs('unshare', [...namespace.slice(1), 'true'])
  if (allowed) return plain(namespace)
  return isRoot ? nobody() : plain([])
}

function hasName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

const plain = (prefix: readonly string[]): PostgresUser => ({
  prefix,
  ids: undefined,
  dataFolder: (home) => join(home, 'postgres'),
  binariesFolder: (services) => services,
  own: () => {},
  share: () => {},
})

const nobody = (): PostgresUser => ({
  prefix: [],
  ids: { uid: NOBODY, gid: NOBODY },
  dataFolder: outsideHome,
  binariesFolder: outsideHome,
  own: (path) => chownSync(path, NOBODY, NOBODY),
  share: (folder) => void spawnSync('chmod', ['-R', 'a+rX', folder]),
})

/** Where the data of a home (or the binaries) lie when that folder itself may be closed to nobody. */
export const outsideHome = (folder: string): string =>
  join('/var/tmp', `contrail-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`)
