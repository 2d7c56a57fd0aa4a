import { spawnSync } from 'node:child_process'
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { atLeast, parseVersion, type Version } from './versions.ts'

/** Every program of that name on PATH, first hit first, each once. */
export function onPath(name: string, path = process.env['PATH'] ?? ''): string[] {
  const found = path
    .split(delimiter)
    .filter((folder) => folder !== '' && isProgram(join(folder, name)))
    .map((folder) => join(folder, name))
  return [...new Set(found)]
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

export function versionOf(file: string, flag = '--version'): Version | undefined {
  const ran = spawnSync(file, [flag], { encoding: 'utf8', timeout: 10_000 })
  return ran.status === 0 ? parseVersion(ran.stdout + ran.stderr) : undefined
}

/** The first program on PATH that is new enough; too old ones (PostgreSQL 15 is common) are passed over. */
export function goodEnough(
  names: readonly string[],
  least: { major: number; minor: number },
  options: { flag?: string; alongside?: string } = {},
): { file: string; version: Version } | undefined {
  for (const file of names.flatMap((name) => onPath(name))) {
    if (options.alongside !== undefined && !hasAlongside(file, options.alongside)) continue
    const version = versionOf(file, options.flag)
    if (version !== undefined && atLeast(version, least)) return { file, version }
  }
  return undefined
}

/** A program on PATH is often a link into a versioned folder, where its companions live. */
export function hasAlongside(file: string, companion: string): boolean {
  return isProgram(join(dirname(realpathSync(file)), companion))
}

export function runs(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore', timeout: 10_000 }).status === 0
}
