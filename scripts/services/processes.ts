import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process by number and birth, so that a number given out again is not taken for the old process. */
export type ProcessRecord = { pid: number; born: string }
export type ChildRecord = ProcessRecord & { name: string; stopSignal: NodeJS.Signals }

/** When the process was born, or undefined when it is gone (a zombie is gone: it only waits to be reaped). */
export function bornOf(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) return bornFromProc(pid)
  const listed = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const line = listed.stdout?.trim() ?? ''
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
}

function bornFromProc(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The command's name may hold spaces and brackets; the fields begin after the last bracket, with the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

export function recordOf(pid: number): ProcessRecord {
  return { pid, born: bornOf(pid) ?? '' }
}

export function isSame(record: ProcessRecord, born: (pid: number) => string | undefined = bornOf): boolean {
  return record.born !== '' && born(record.pid) === record.born
}

const pidsFile = (home: string): string => join(home, 'pids.json')

export function rememberChild(home: string, record: ChildRecord): void {
  const others = readChildren(home).filter((other) => other.name !== record.name)
  writeFileSync(pidsFile(home), JSON.stringify([...others, record], null, 1))
}

export function forgetChild(home: string, name: string): void {
  if (!existsSync(home)) return
  writeFileSync(
    pidsFile(home),
    JSON.stringify(
      readChildren(home).filter((other) => other.name !== name),
      null,
      1,
    ),
  )
}

export function readChildren(home: string): ChildRecord[] {
  try {
    return JSON.parse(readFileSync(pidsFile(home), 'utf8')) as ChildRecord[]
  } catch {
    return []
  }
}

/** Stops what a supervisor that was killed left running in this home. */
export async function stopStrays(home: string, say: (line: string) => void): Promise<void> {
  const strays = readChildren(home).filter((record) => isSame(record))
  await Promise.all(
    strays.map(async (stray) => {
      say(`${stray.name} of an earlier start is still running (pid ${stray.pid}), stopping it`)
      await endProcess(stray, stray.stopSignal, 10_000)
    }),
  )
  rmSync(pidsFile(home), { force: true })
}

async function endProcess(record: ProcessRecord, signal: NodeJS.Signals, limitMs: number): Promise<void> {
  trySignal(record.pid, signal)
  const deadline = performance.now() + limitMs
  while (isSame(record) && performance.now() < deadline) await sleep(20)
  if (isSame(record)) trySignal(record.pid, 'SIGKILL')
  while (isSame(record) && performance.now() < deadline + 2_000) await sleep(20)
}

export function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already, which is what was wanted.
  }
}
