import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DATABASES, DB_ROLES, openDatabase } from '@contrail/db'
import { natsUsers, serverConfig } from '@contrail/nats'
import type { NatsUser } from '@contrail/nats'
import { startTestNats } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { loadSecrets } from '../../../scripts/platform/secrets.ts'
import { startPlatform } from '../../../scripts/platform/start.ts'
import type { Platform } from '../../../scripts/platform/start.ts'

export const root = path.resolve(import.meta.dirname, '../../..')

export type TestPlatform = {
  readonly platform: Platform
  readonly nats: TestNats
  readonly home: string
  /** As a user types it: `cli('orders', '--json')`. */
  cli(...args: string[]): Promise<{ code: number; out: string; err: string }>
  cliWith(env: Record<string, string>, ...args: string[]): Promise<{ code: number; out: string; err: string }>
  /** A GET or POST at the public door, as the admin. */
  api<T>(path: string, body?: unknown): Promise<T>
  stop(): Promise<void>
}
export type TestPlatformOptions = {
  readonly extra?: Record<string, Record<string, string>>
  readonly say?: (line: string) => void
}

/** The whole platform as `npm start` assembles it, on a bus of its own and databases of its own. */
export async function startTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const postgresUrl = process.env['CONTRAIL_POSTGRES_URL']
  if (!postgresUrl) throw new Error('CONTRAIL_POSTGRES_URL is not set; npm test and npm run set it')
  const home = mkdtempSync(path.join(os.tmpdir(), 'contrail-platform-'))
  const databases = `contrail_p_${randomBytes(4).toString('hex')}`
  const { secrets, firstToken } = loadSecrets(home, DB_ROLES, natsUsers)
  const nats = await startTestNats({
    config: (paths) => serverConfig({ ...paths, passwords: secrets.nats as Record<NatsUser, string> }),
  })
  const redisUrl = process.env['CONTRAIL_REDIS_URL']
  const services = { natsUrl: nats.url, natsMonitorUrl: nats.monitorUrl, postgresUrl, redisUrl }
  const end = async () => {
    await nats.stop()
    await dropDatabases(postgresUrl, databases)
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    const extra = {
      ...options.extra,
      // The Postgres of the tests does not flush; that it refuses to trade on one is tested in apps/orders.
      orders: { CONTRAIL_ORDERS_ALLOW_UNSAFE_POSTGRES: 'true', ...options.extra?.['orders'] },
      portfolio: { CONTRAIL_PORTFOLIO_ALLOW_UNSAFE_POSTGRES: 'true', ...options.extra?.['portfolio'] },
    }
    const say = options.say ?? (() => undefined)
    const platform = await startPlatform({ home, port: 0, services, databases, extra, say })
    const token = firstToken as string
    return {
      platform,
      nats,
      home,
      cli: (...args) => runCli(home, {}, args),
      cliWith: (env, ...args) => runCli(home, env, args),
      api: (at, body) => callApi(platform.url, token, at, body),
      stop: async () => {
        await platform.stop()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

function runCli(
  home: string,
  more: Record<string, string>,
  args: string[],
): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, CONTRAIL_HOME: home, NO_COLOR: '1', ...more }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(root, 'apps/cli/bin/contrail.mjs'), ...args],
      { cwd: root, env },
      (error, out, err) => {
        resolve({ code: error ? Number((error as { code?: unknown }).code ?? 1) : 0, out, err })
      },
    )
  })
}

async function callApi<T>(url: string, token: string, at: string, body: unknown): Promise<T> {
  const answer = await fetch(`${url}${at}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${at}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

async function dropDatabases(adminUrl: string, prefix: string): Promise<void> {
  const admin = openDatabase(adminUrl, { max: 1 })
  try {
    for (const name of DATABASES) await admin.sql.unsafe(`drop database if exists "${prefix}_${name}" with (force)`)
    for (const role of DB_ROLES) await admin.sql.unsafe(`drop role if exists "${prefix}_${role}"`)
  } finally {
    await admin.close()
  }
}
