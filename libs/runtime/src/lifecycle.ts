import { createLogger } from './log.ts'
import type { Logger } from './log.ts'
import type { Running } from './service.ts'

/** Longest time one part may take to drain. */
const STOP_MS_MAX = 10_000

/** Stops in reverse order of start, each within its time. A part that fails or hangs does not keep the others. */
export async function stopAll(running: readonly Running[], log?: Logger, limitMs = STOP_MS_MAX): Promise<Error[]> {
  const failures: Error[] = []
  for (const part of running.toReversed()) {
    try {
      await within(part.stop(), limitMs, part.name)
    } catch (cause) {
      const failure = new Error(`${part.name} did not stop cleanly`, { cause })
      failures.push(failure)
      log?.error({ err: failure }, failure.message)
    }
  }
  return failures
}

/** Runs until SIGINT or SIGTERM, then drains. A second signal, or a failure nobody caught, ends the process at once. */
export async function runUntilSignal(...running: Running[]): Promise<void> {
  const log = createLogger({ name: 'lifecycle' })
  exitOnBugs(log)
  const signal = await new Promise<string>((resolve) => {
    let seen = 0
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => (seen++ === 0 ? resolve(name) : process.exit(1)))
  })
  log.info({ signal }, 'draining')
  const failures = await stopAll(running, log)
  log.info({ failures: failures.length }, 'stopped')
  process.exitCode = failures.length > 0 ? 1 : 0
}

let watching = false

/** Fail stop, start fast: a rejection that nobody handled is a bug, and a bug ends the process. */
function exitOnBugs(log: Logger): void {
  if (watching) return
  watching = true
  const end = (what: string) => (error: unknown) => {
    log.fatal({ err: error }, what)
    process.exit(1)
  }
  process.on('unhandledRejection', end('unhandled rejection'))
  process.on('uncaughtException', end('uncaught exception'))
}

async function within<T>(work: Promise<T>, limitMs: number, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} took more than ${limitMs} ms to stop`)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
