import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needSpace } from './disk.ts'

/**
 * The last resort: a pinned release, held against its checksum. The checksums are those of the project's own container
 * images (nats-io/nats-docker, 2.14.x/alpine3.22/Dockerfile, commit aa0caa5, read 2026-11-22). This release is older than
 * the fix of nats-server #8475 (compaction that does not flush), so every other source comes first.
 */
const NATS_RELEASE = {
  version: '2.14.5',
  archives: {
    'linux-x64': ['linux-amd64', '5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355'],
    'linux-arm64': ['linux-arm64', '673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c'],
  } as Readonly<Record<string, readonly [string, string]>>,
}
const DOWNLOAD_MS_MAX = 120_000

export type Archive = {
  readonly url: string
  readonly sha256: string
  /** Path of the program inside. */
  readonly member: string
}

export function natsRelease(): (Archive & { version: string }) | undefined {
  const { version, archives } = NATS_RELEASE
  const [name, sha256] = archives[`${process.platform}-${process.arch}`] ?? []
  if (name === undefined || sha256 === undefined) return undefined
  const stem = `nats-server-v${version}-${name}`
  const url = `https://github.com/nats-io/nats-server/releases/download/v${version}/${stem}.tar.gz`
  return { version, url, sha256, member: `${stem}/nats-server` }
}

/** Downloads, compares, unpacks. Gives the program's path; or `{ refused }`, a reason in words. */
export async function fetchArchive(archive: Archive, folder: string): Promise<{ path: string } | { refused: string }> {
  const path = join(folder, archive.member)
  if (existsSync(path)) return { path }
  const bytes = await download(archive.url)
  if (typeof bytes === 'string') return { refused: bytes }
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== archive.sha256)
    return { refused: `the checksum is ${found.slice(0, 12)}…, not ${archive.sha256.slice(0, 12)}…: it is not run` }
  needSpace(folder)
  const part = `${folder}.part-${process.pid}`
  mkdirSync(part, { recursive: true })
  try {
    const file = join(part, 'archive.tar.gz')
    writeFileSync(file, bytes)
    const tar = spawnSync('tar', ['-xzf', file, '-C', part, archive.member], { encoding: 'utf8' })
    if (tar.status !== 0) return { refused: `it does not unpack: ${tar.stderr || tar.error?.message}` }
    rmSync(file)
    rmSync(folder, { recursive: true, force: true })
    renameSync(part, folder)
    return { path }
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}

async function download(url: string): Promise<Uint8Array | string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MS_MAX) })
    if (!answer.ok) return `the download was answered with ${answer.status}`
    return new Uint8Array(await answer.arrayBuffer())
  } catch (error) {
    return `the download failed (${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message})`
  }
}
