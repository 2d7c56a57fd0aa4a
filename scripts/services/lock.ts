import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BootFault } from './faults.ts'
import { bornOf, isSame, recordOf, type ProcessRecord } from './processes.ts'

export type Lock = { release(): void }

const TRIES_MAX = 5

export const lockFile = (home: string): string => join(home, 'lock')

/** One supervisor per data folder. The lock of a process that is gone is taken over. */
export function takeLock(home: string, born: (pid: number) => string | undefined = bornOf): Lock {
  mkdirSync(home, { recursive: true })
  const file = lockFile(home)
  const mine = JSON.stringify(recordOf(process.pid))
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (tryCreate(file, mine)) return { release: () => releaseOwn(file, mine) }
    const holder = lockHolder(home, born)
    if (holder !== undefined) {
      const mend = `stop it (kill ${holder.pid}, or Ctrl-C where it runs) or work in another clone`
      throw new BootFault('locked', `already running as pid ${holder.pid} on ${home}`, mend)
    }
    // Moving it aside lets only one of several successors win; the others find it gone and try again.
    const aside = `${file}.${process.pid}`
    try {
      renameSync(file, aside)
      rmSync(aside, { force: true })
    } catch {
      continue
    }
  }
  throw new BootFault('locked', `the lock ${file} keeps changing hands`, 'wait a moment and start again')
}

/** The live process that holds the lock of this home, if any. */
export function lockHolder(
  home: string,
  born: (pid: number) => string | undefined = bornOf,
): ProcessRecord | undefined {
  try {
    const holder = JSON.parse(readFileSync(lockFile(home), 'utf8')) as ProcessRecord
    return isSame(holder, born) ? holder : undefined
  } catch {
    return undefined
  }
}

function tryCreate(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function releaseOwn(file: string, mine: string): void {
  try {
    if (readFileSync(file, 'utf8') === mine) rmSync(file)
  } catch {
    // The folder may have been removed with everything in it.
  }
}
