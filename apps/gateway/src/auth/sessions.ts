import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { DAY_US } from '@contrail/contracts'
import { sha256Hex } from './token.ts'

/** Only hashes of session ids are kept: who reads the store cannot use them. */
export const sessionSchema = z.strictObject({ createdUs: z.number().int(), seenUs: z.number().int() })
export type Session = z.infer<typeof sessionSchema>
export interface SessionStore {
  get(key: string): Promise<Session | undefined>
  put(key: string, session: Session): Promise<void>
  delete(key: string): Promise<void>
}

export const SESSION_IDLE_US = 7 * DAY_US
export const SESSION_LIFE_US = 30 * DAY_US
/** Open browsers of one installation; the longest unseen is ended. */
const SESSIONS_MAX = 200
/** How often `seenUs` is written down. */
const TOUCH_US = 60_000_000

export type Sessions = {
  create(): Promise<string>
  find(id: string): Promise<string | undefined>
  end(key: string): Promise<void>
}

/** Memory first; behind it a store that outlives the process (Redis, or a file), so that a restart logs nobody out. */
export function createSessions(clock: { nowUs(): number }, store: SessionStore | undefined): Sessions {
  const memory = new Map<string, Session>()
  const alive = (session: Session) =>
    clock.nowUs() - session.seenUs < SESSION_IDLE_US && clock.nowUs() - session.createdUs < SESSION_LIFE_US

  async function end(key: string): Promise<void> {
    memory.delete(key)
    await store?.delete(key)
  }
  async function touch(key: string, session: Session): Promise<void> {
    const seen = { ...session, seenUs: clock.nowUs() }
    memory.delete(key)
    memory.set(key, seen)
    await store?.put(key, seen)
    const oldest = memory.size > SESSIONS_MAX ? memory.keys().next().value : undefined
    if (oldest !== undefined) await end(oldest)
  }
  return {
    async create() {
      const id = randomBytes(32).toString('base64url')
      await touch(sha256Hex(id), { createdUs: clock.nowUs(), seenUs: clock.nowUs() })
      return id
    },
    async find(id) {
      const key = sha256Hex(id)
      const session = memory.get(key) ?? (await store?.get(key))
      if (!session) return undefined
      if (!alive(session)) {
        await end(key)
        return undefined
      }
      if (!memory.has(key) || clock.nowUs() - session.seenUs > TOUCH_US) await touch(key, session)
      return key
    },
    end,
  }
}
