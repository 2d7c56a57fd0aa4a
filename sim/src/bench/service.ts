import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { NODE_FLAGS } from '../../../scripts/platform/child.ts'
import { freePort } from '../../../scripts/services/index.ts'
import { endChild, keepChild } from './children.ts'
import { until } from './engine.ts'
import type { World } from './world.ts'

const READY_MS_MAX = 20_000

export type Service = { readonly pid: number; readonly url: string; stop(): Promise<void> }

/** One app as it is deployed: its own main.ts in its own process. */
export async function startService(
  world: World,
  app: 'orders' | 'portfolio',
  settings: Record<string, string>,
): Promise<Service> {
  const port = await freePort()
  const logFile = path.join(world.folder, `${app}.log`)
  const log = openSync(logFile, 'a')
  const main = path.resolve(import.meta.dirname, `../../../apps/${app}/src/main.ts`)
  const child = spawn(process.execPath, [...NODE_FLAGS, main], {
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'] ?? '',
      CONTRAIL_NATS_URL: world.natsUrl,
      CONTRAIL_INGEST_URL: world.archiveUrl,
      CONTRAIL_INTERNAL_TOKEN: 'bench-internal-token',
      CONTRAIL_PORT: String(port),
      ...settings,
    },
  })
  closeSync(log)
  keepChild(child)
  const url = `http://127.0.0.1:${port}`
  await until(`${app} is ready`, READY_MS_MAX, async () => {
    if (child.exitCode !== null)
      throw new Error(`${app} ended with ${child.exitCode}: ${readFileSync(logFile, 'utf8').slice(-2000)}`)
    return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true
  })
  return { pid: child.pid as number, url, stop: () => endChild(child, 'SIGTERM') }
}
