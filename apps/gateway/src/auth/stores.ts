import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { SESSION_IDLE_US, sessionSchema } from './sessions.ts'
import type { Session, SessionStore } from './sessions.ts'

type Warn = (text: string, error: unknown) => void
const REDIS_PREFIX = 'contrail:session:'

/** Redis may be away: then the session lives in memory only and the log says so. */
export function redisSessions(redis: Redis, warn: Warn): SessionStore {
  const guarded = <T>(work: () => Promise<T>, otherwise: T): Promise<T> =>
    work().catch((error: unknown) => {
      warn('sessions: Redis is away, sessions are kept in memory', error)
      return otherwise
    })
  return {
    get: (key) =>
      guarded(async () => {
        const text = await redis.get(REDIS_PREFIX + key)
        return text === null ? undefined : sessionSchema.parse(JSON.parse(text))
      }, undefined),
    put: (key, session) =>
      guarded(async () => {
        await redis.set(REDIS_PREFIX + key, JSON.stringify(session), 'PX', SESSION_IDLE_US / 1000)
      }, undefined),
    delete: (key) =>
      guarded(async () => {
        await redis.del(REDIS_PREFIX + key)
      }, undefined),
  }
}

/** A file, where one is named: it outlives a restart, and a Redis that forgets. Redis is for several gateways. */
export async function sessionStore(
  file: string | undefined,
  redis: Redis | undefined,
  warn: Warn,
): Promise<SessionStore | undefined> {
  if (file !== undefined) return await fileSessions(file, warn)
  return redis && redisSessions(redis, warn)
}

const fileSchema = z.record(z.string().regex(/^[0-9a-f]{64}$/), sessionSchema)

/** One small file, readable by its owner only; written whole, then renamed. */
export async function fileSessions(file: string, warn: Warn): Promise<SessionStore> {
  const sessions = new Map<string, Session>(Object.entries(await load(file, warn)))
  let writing: Promise<void> = Promise.resolve()
  const save = () => {
    writing = writing
      .then(async () => {
        await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(sessions)), { mode: 0o600 })
        await rename(`${file}.new`, file)
      })
      .catch((error: unknown) => warn(`sessions: ${file} cannot be written`, error))
    return writing
  }
  return {
    get: async (key) => sessions.get(key),
    put: async (key, session) => {
      sessions.set(key, session)
      await save()
    },
    delete: async (key) => {
      if (sessions.delete(key)) await save()
    },
  }
}

async function load(file: string, warn: Warn): Promise<Record<string, Session>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch (error) {
    warn(`sessions: ${file} is not readable, everybody opens the page anew`, error)
    return {}
  }
}
