import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { manualClock } from '@contrail/runtime'
import { createSessions, SESSION_IDLE_US, SESSION_LIFE_US } from './sessions.ts'
import { fileSessions, redisSessions, sessionStore } from './stores.ts'
import { sha256Hex } from './token.ts'

const START_US = 1_767_225_600_000_000
const warnings: string[] = []
const warn = (text: string) => void warnings.push(text)
const directories: string[] = []
async function file(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'contrail-sessions-'))
  directories.push(directory)
  return path.join(directory, 'sessions.json')
}
afterEach(async () => {
  warnings.length = 0
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

test('a session is found by its id until it is ended', async () => {
  const sessions = createSessions(manualClock(START_US), undefined)
  const id = await sessions.create()
  const key = await sessions.find(id)
  expect(key).toBe(sha256Hex(id))
  await sessions.end(key as string)
  expect(await sessions.find(id)).toBeUndefined()
  expect(await sessions.find('guessed')).toBeUndefined()
})

test('a session ends when nobody came for a week', async () => {
  const clock = manualClock(START_US)
  const sessions = createSessions(clock, undefined)
  const id = await sessions.create()
  clock.advanceMs(SESSION_IDLE_US / 1000 - 1)
  expect(await sessions.find(id)).toBeDefined()
  clock.advanceMs(SESSION_IDLE_US / 1000)
  expect(await sessions.find(id)).toBeUndefined()
})

test('a session ends after a month, however busy', async () => {
  const clock = manualClock(START_US)
  const sessions = createSessions(clock, undefined)
  const id = await sessions.create()
  const days = SESSION_LIFE_US / 86_400_000_000
  for (let day = 1; day < days; day++) {
    clock.advanceMs(86_400_000)
    expect(await sessions.find(id)).toBeDefined()
  }
  clock.advanceMs(86_400_000)
  expect(await sessions.find(id)).toBeUndefined()
})

test('of more sessions than fit the longest unseen goes', async () => {
  const sessions = createSessions(manualClock(START_US), undefined)
  const ids: string[] = []
  for (let i = 0; i <= 200; i++) ids.push(await sessions.create())
  expect(await sessions.find(ids[0] as string)).toBeUndefined()
  expect(await sessions.find(ids[1] as string)).toBeDefined()
})

test('a file keeps sessions over a restart, private and without the ids', async () => {
  const name = await file()
  const clock = manualClock(START_US)
  const id = await createSessions(clock, await fileSessions(name, warn)).create()
  const again = createSessions(clock, await fileSessions(name, warn))
  expect(await again.find(id)).toBe(sha256Hex(id))
  expect((await stat(name)).mode & 0o777).toBe(0o600)
  expect(await readFile(name, 'utf8')).not.toContain(id)
  await again.end(sha256Hex(id))
  expect(await createSessions(clock, await fileSessions(name, warn)).find(id)).toBeUndefined()
})

test('a damaged file is said and replaced', async () => {
  const name = await file()
  await writeFile(name, '{"half')
  const sessions = createSessions(manualClock(START_US), await fileSessions(name, warn))
  expect(warnings).toEqual([expect.stringContaining('not readable')])
  expect(await sessions.find(await sessions.create())).toBeDefined()
})

const redisUrl = process.env['CONTRAIL_REDIS_URL']
test.skipIf(!redisUrl)('Redis keeps sessions for another gateway (needs CONTRAIL_REDIS_URL)', async () => {
  const redis = new Redis(redisUrl as string)
  const clock = manualClock(START_US)
  const id = await createSessions(clock, redisSessions(redis, warn)).create()
  const other = createSessions(clock, redisSessions(redis, warn))
  const key = (await other.find(id)) as string
  expect(key).toBe(sha256Hex(id))
  await other.end(key)
  expect(await redis.get(`contrail:session:${key}`)).toBeNull()
  await redis.quit()
})

test('a file that is named keeps sessions though the Redis beside it has forgotten them', async () => {
  const name = await file()
  const redis = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null })
  redis.on('error', () => undefined)
  const clock = manualClock(START_US)
  const id = await createSessions(clock, await sessionStore(name, redis, warn)).create()
  expect(await createSessions(clock, await sessionStore(name, redis, warn)).find(id)).toBe(sha256Hex(id))
  expect(warnings).toEqual([])
  redis.disconnect()
})

test('with Redis away sessions live in memory and the log says so', async () => {
  const redis = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null })
  redis.on('error', () => undefined)
  const sessions = createSessions(manualClock(START_US), redisSessions(redis, warn))
  expect(await sessions.find(await sessions.create())).toBeDefined()
  expect(warnings.length).toBeGreaterThan(0)
  redis.disconnect()
})
