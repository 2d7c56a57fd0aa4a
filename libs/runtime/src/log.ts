import { pino } from 'pino'
import type { DestinationStream, Logger as PinoLogger } from 'pino'
import { maskText, scrub } from './secrets.ts'

export type Logger = PinoLogger

/** JSON lines on stdout. Every object and every text passes `scrub`: a secret cannot be logged by accident. */
export function createLogger(options: { name: string; level?: string; destination?: DestinationStream }): Logger {
  const settings = {
    name: options.name,
    level: options.level ?? process.env['CONTRAIL_LOG_LEVEL'] ?? 'info',
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => error },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => scrub(fields) as Record<string, unknown>,
      bindings: (fields: Record<string, unknown>) => scrub(fields) as Record<string, unknown>,
    },
    hooks: {
      logMethod(this: PinoLogger, args: unknown[], method: (...values: unknown[]) => void) {
        const masked = args.map((value) => (typeof value === 'string' ? maskText(value) : value))
        if (masked[0] instanceof Error)
          masked.splice(0, 1, { err: masked[0] }, masked[1] ?? maskText(masked[0].message))
        method.apply(this, masked)
      },
    },
  }
  const log = (options.destination ? pino(settings as never, options.destination) : pino(settings as never)) as Logger
  return maskedChildren(log)
}

/** What a child is given once is printed in every line of it. Children inherit this from their parent. */
function maskedChildren(log: Logger): Logger {
  const make = Reflect.get(log, 'child') as unknown as (bindings: unknown, options?: unknown) => Logger
  const child = function (this: Logger, bindings: unknown, options?: unknown): Logger {
    return make.call(this, scrub(bindings), options)
  }
  return Object.assign(log, { child }) as Logger
}
