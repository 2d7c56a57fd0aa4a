import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { deployDemo } from '../../../../scripts/platform/demo.ts'
import { startPlatform } from '../../../../scripts/platform/start.ts'
import type { Platform } from '../../../../scripts/platform/start.ts'
import { until } from '../engine.ts'
import { byKind, descendantsOf } from '../processes.ts'
import type { ProcessUse } from '../processes.ts'
import type { Row } from '../report.ts'
import { atMost } from '../stats.ts'
import type { World } from '../world.ts'
import type { Figure } from './figure.ts'

/** After the start has settled; then CPU time is counted for so long. */
const SETTLE_MS = 10_000
const WATCH_MS = 20_000
const MEGA = 1_000_000

/**
 * What `npm start` runs, with services of its own: all processes below this one, by their proportional share of memory.
 * Five synthetic instruments; first without strategies, then with the three of the demo.
 */
export const idle: Figure = {
  name: 'idle',
  title: 'idle platform: all services of ours, NATS, Postgres and cache, 5 synthetic instruments',
  async run(world, tell) {
    if (process.platform !== 'linux') throw new Error('memory and CPU are read from /proc, which only Linux has')
    const home = mkdtempSync(path.join(os.tmpdir(), 'contrail-idle-'))
    const before = new Set(descendantsOf(process.pid).map(({ pid }) => pid))
    let platform: Platform | undefined
    try {
      platform = await startPlatform({ home, port: 0, say: world.say })
      for (const row of await watched(world, before, 'idle', true)) tell(row)
      const deployed = await deployDemo(platform)
      await running(platform, deployed.length)
      for (const row of await watched(world, before, 'with 3 demo strategies', false)) tell(row)
    } finally {
      await platform?.stop()
      rmSync(home, { recursive: true, force: true })
    }
  },
}

async function watched(world: World, before: ReadonlySet<number>, name: string, isIdle: boolean): Promise<Row[]> {
  const look = () => descendantsOf(process.pid).filter(({ pid }) => !before.has(pid))
  await sleep(world.quick ? 1_000 : SETTLE_MS)
  const first = look()
  const startedMs = performance.now()
  await sleep(world.quick ? 3_000 : WATCH_MS)
  const last = look()
  const tookMs = performance.now() - startedMs
  const bytes = last.reduce((sum, { pssBytes }) => sum + pssBytes, 0)
  const memory: Row = {
    figure: 'h',
    what: `memory of all processes, ${name}`,
    value: bytes / MEGA,
    unit: 'MB',
    ...(isIdle ? { target: atMost(600) } : {}),
    note: `${last.length} processes, MB by kind: ${byKind(last)}`,
  }
  const cpu: Row = {
    figure: 'h',
    what: `CPU of all processes, part of one core, ${name}`,
    value: cpuMs(first, last) / tookMs,
    unit: '%',
    ...(isIdle ? { target: atMost(0.15) } : {}),
  }
  return [memory, cpu]
}

/** A process that came or went in between counts with what it had in between, as far as that is known. */
function cpuMs(first: readonly ProcessUse[], last: readonly ProcessUse[]): number {
  const had = new Map(first.map((use) => [use.pid, use.cpuMs]))
  return last.reduce((sum, use) => sum + use.cpuMs - (had.get(use.pid) ?? 0), 0)
}

async function running(platform: Platform, count: number): Promise<void> {
  const engine = platform.urls['engine'] as string
  await until(`${count} strategies are live`, 60_000, async () => {
    const answer = await fetch(`${engine}/actors`, {
      headers: { authorization: `Bearer ${platform.secrets.internal}` },
    })
    const { items } = (await answer.json()) as { items: { status: string }[] }
    return items.filter(({ status }) => status === 'live').length >= count
  })
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
