import { readdirSync, readFileSync } from 'node:fs'

/** Linux only: everything is read from /proc. */
export type ProcessUse = {
  readonly pid: number
  readonly name: string
  readonly pssBytes: number
  readonly cpuMs: number
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10

/** All processes that descend from this one, with their proportional share of memory and the CPU time they have had. */
export function descendantsOf(root: number): ProcessUse[] {
  const stats = new Map<number, Stat>()
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : undefined
    if (stat) stats.set(stat.pid, stat)
  }
  const found: ProcessUse[] = []
  for (const stat of stats.values()) {
    if (stat.pid === root || !descends(stat, root, stats)) continue
    found.push({ pid: stat.pid, name: nameOf(stat.pid), pssBytes: pssOf(stat.pid), cpuMs: stat.cpuMs })
  }
  return found
}

type Stat = { readonly pid: number; readonly parent: number; readonly cpuMs: number }

function descends(stat: Stat, root: number, stats: ReadonlyMap<number, Stat>): boolean {
  for (let at: Stat | undefined = stat; at; at = stats.get(at.parent)) if (at.parent === root) return true
  return false
}

/** Undefined for one that ended while we looked. */
function readStat(pid: number): Stat | undefined {
  const text = readProc(pid, 'stat')
  if (text === undefined) return undefined
  // The name may hold blanks and brackets: fields are counted from its last bracket.
  return parseStat(pid, text.slice(text.lastIndexOf(')') + 2).split(' '))
}

const parseStat = (pid: number, fields: readonly string[]): Stat => ({
  pid,
  parent: Number(fields[1]),
  cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
})

function pssOf(pid: number): number {
  const kilo = /^Pss:\s+(\d+) kB/m.exec(readProc(pid, 'smaps_rollup') ?? '')?.[1]
  return Number(kilo ?? 0) * 1024
}

/** What kind of process it is, for a sum by kind. */
function nameOf(pid: number): string {
  const line = (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ')
  if (line.startsWith('postgres')) return 'postgres'
  return (
    /(nats-server|postgres|valkey-server|redis-server|esbuild)/.exec(line)?.[1] ??
    (/node/.test(line) ? 'node' : 'other')
  )
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

/** Megabytes by kind, largest first. */
export function byKind(uses: readonly ProcessUse[]): string {
  const sums = new Map<string, number>()
  for (const { name, pssBytes } of uses) sums.set(name, (sums.get(name) ?? 0) + pssBytes)
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(0)}`)
    .join(', ')
}
