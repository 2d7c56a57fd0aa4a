import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { repository } from './debian.ts'
import { lockHolder, takeLock } from './lock.ts'
import { outsideHome } from './postgres-user.ts'
import { stopStrays } from './processes.ts'

/** A home younger than this may belong to a process that has not locked it yet. */
const SETTLED_AFTER_MS = 60_000

/** The data folder of `npm start`; homes of tests and runs lie in it, beside the fetched binaries. */
export function contrailHome(): string {
  return resolve(process.env['CONTRAIL_HOME'] || join(repository, '.contrail'))
}

/** An empty home for one test or run, and its end. Those that killed processes left behind are cleared away first. */
export async function temporaryHome(
  kind: 'test' | 'run',
  say: (line: string) => void,
): Promise<{ home: string; remove: () => void }> {
  const parent = contrailHome()
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(parent)) {
    if (/^(test|run)-\d+$/.test(name)) await clearAbandoned(join(parent, name), say)
  }
  const home = join(parent, `${kind}-${process.pid}`)
  const remove = (): void => {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
    rmSync(outsideHome(home), { recursive: true, force: true, maxRetries: 3 })
  }
  remove()
  mkdirSync(home, { mode: 0o700 })
  return { home, remove }
}

async function clearAbandoned(home: string, say: (line: string) => void): Promise<void> {
  const ageMs = Date.now() - (statSync(home, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  if (lockHolder(home) !== undefined || ageMs < SETTLED_AFTER_MS) return
  await stopStrays(home, say)
  rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  rmSync(outsideHome(home), { recursive: true, force: true, maxRetries: 3 })
}

/** Forgets all data of this home; fetched binaries stay, and so do the homes of tests and runs beneath it. */
export async function wipe(home: string, say: (line: string) => void = () => {}): Promise<void> {
  const folder = resolve(home)
  if (!existsSync(folder)) return
  const lock = takeLock(folder)
  try {
    await stopStrays(folder, say)
    rmSync(outsideHome(folder), { recursive: true, force: true })
    const kept = /^(services|compile-cache|lock|install\.lock|(test|run)-\d+)$/
    for (const name of readdirSync(folder)) {
      if (!kept.test(name)) rmSync(join(folder, name), { recursive: true, force: true })
    }
  } finally {
    lock.release()
  }
}
