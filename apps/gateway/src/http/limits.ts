import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

export type Verdict = { allowed: boolean; limit: number; remaining: number; resetSeconds: number }
export interface Limiter {
  take(key: string): Promise<Verdict>
}

/** points per window; every count is per principal, wrong tokens per address. */
export const LIMITS = {
  read: { points: 600, windowSeconds: 10 },
  write: { points: 60, windowSeconds: 10 },
  auth: { points: 10, windowSeconds: 60 },
} as const
export type LimitName = keyof typeof LIMITS
export type Limits = Readonly<Record<LimitName, Limiter>>

/** Redis counts for all copies of the gateway; while it is away each copy counts for itself. */
export function createLimits(redis: Redis | undefined, sizes: Record<LimitName, { points: number }> = LIMITS): Limits {
  const make = (name: LimitName): Limiter => {
    const { windowSeconds } = LIMITS[name]
    const { points } = sizes[name]
    const options = { keyPrefix: `contrail:limit:${name}`, points, duration: windowSeconds }
    const memory = new RateLimiterMemory(options)
    const limiter = redis ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: memory }) : memory
    const verdict = (result: RateLimiterRes, allowed: boolean): Verdict => ({
      allowed,
      limit: points,
      remaining: Math.max(0, result.remainingPoints),
      resetSeconds: Math.ceil(result.msBeforeNext / 1000),
    })
    return {
      take: (key) =>
        limiter.consume(key).then(
          (result) => verdict(result, true),
          (failed: unknown) => {
            if (failed instanceof RateLimiterRes) return verdict(failed, false)
            throw failed
          },
        ),
    }
  }
  return { read: make('read'), write: make('write'), auth: make('auth') }
}
