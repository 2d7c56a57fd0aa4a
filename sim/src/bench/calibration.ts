import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { median, percentile } from './stats.ts'
import type { World } from './world.ts'

/** What this machine does at this moment, without anything of ours: absolute numbers mean nothing without it. */
export type Calibration = {
  readonly node: string
  readonly natsServer: string
  /** A loop of 20 million additions, ms. */
  readonly loopMs: number
  /** Core NATS PING/PONG, us. */
  readonly pingP50Us: number
  readonly pingP99Us: number
  /** Append 120 bytes and fdatasync, us. */
  readonly syncP50Us: number
}

const LOOP = 20_000_000
const PINGS = 500
const SYNCS = 200

export async function calibrate(world: World): Promise<Calibration> {
  const loops = [1, 2, 3, 4, 5].map(() => timed(loop))
  const pings: number[] = []
  for (let i = 0; i < PINGS; i++) {
    const startedMs = performance.now()
    await world.nc.flush()
    pings.push((performance.now() - startedMs) * 1000)
  }
  return {
    node: process.version,
    natsServer: world.nc.info?.version ?? 'unknown',
    loopMs: median(loops),
    pingP50Us: percentile(pings, 0.5),
    pingP99Us: percentile(pings, 0.99),
    syncP50Us: percentile(syncs(world.folder), 0.5),
  }
}

export const calibrationLine = (c: Calibration): string =>
  `loop ${c.loopMs.toFixed(1)} ms, ping p50 ${c.pingP50Us.toFixed(0)} p99 ${c.pingP99Us.toFixed(0)} us, ` +
  `append+sync p50 ${c.syncP50Us.toFixed(0)} us (Node ${c.node}, nats-server ${c.natsServer})`

function timed(act: () => number): number {
  const startedMs = performance.now()
  if (act() < 0) throw new Error('the loop went wrong')
  return performance.now() - startedMs
}

function loop(): number {
  let sum = 0
  for (let i = 0; i < LOOP; i++) sum += i % 7
  return sum
}

export function syncs(folder: string, count = SYNCS): number[] {
  const file = openSync(path.join(folder, 'sync'), 'a')
  const bytes = Buffer.alloc(120, 1)
  const took = Array.from({ length: count }, () => {
    const startedMs = performance.now()
    writeSync(file, bytes)
    fdatasyncSync(file)
    return (performance.now() - startedMs) * 1000
  })
  closeSync(file)
  return took
}
