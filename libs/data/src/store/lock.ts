import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { refuse } from '@contrail/contracts'

const LOCK = '.lock'
const STAGING = '.staging'
const RETRY_MS = 50
/** Merging ten million rows takes seconds; a holder that needs longer than this is stuck. */
const RETRIES_MAX = 2400

/** One writer at a time changes a store. A holder that has died holds nothing. */
export async function locked<T>(root: string, use: () => T | Promise<T>): Promise<T> {
  const file = path.join(root, LOCK)
  mkdirSync(root, { recursive: true })
  for (let retries = 0; !tryLock(file); retries++) {
    if (retries >= RETRIES_MAX)
      throw refuse('store_busy', 'data store', `process ${readText(file)}`, 'wait until it is done, or end it')
    await wait(RETRY_MS)
  }
  try {
    return await use()
  } finally {
    rmSync(file, { force: true })
  }
}

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = Number(readText(file))
    // An empty file is a holder that is writing its number right now.
    if (holder > 0 && !alive(holder)) rmSync(file, { force: true })
    return false
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A folder of this process for rows that are not in the store yet; what dead processes left is removed. */
export function stagingFolder(root: string, name: string): string {
  const all = path.join(root, STAGING)
  mkdirSync(all, { recursive: true })
  for (const left of readdirSync(all))
    if (!alive(Number.parseInt(left, 10))) rmSync(path.join(all, left), { recursive: true, force: true })
  const folder = path.join(all, `${process.pid}-${name}`)
  mkdirSync(folder)
  return folder
}
