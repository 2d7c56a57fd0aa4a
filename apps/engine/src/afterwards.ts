import { findSourceMap } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@contrail/runtime'
import type { Watchdog } from './watchdog.ts'

/**
 * A timer or a promise of an author's may fail when its handler is back: nothing around it can catch that, and the
 * process ends. So does `process.exit` within a handler. Who did it is written down first, as for a handler that does not
 * come back, so that the next life of this worker halts that code and not every strategy again and again.
 */
export function blameAuthors(watchdog: Watchdog, log: Logger): () => void {
  const blame = (error: unknown): void => {
    const site = error instanceof Error ? authorSite(error, watchdog.folder) : undefined
    if (!site) return
    const strategies = watchdog.blame(site.code, `${error as Error} at ${site.place}, after its handler was back: nothing of a strategy may run later`) // prettier-ignore
    log.fatal({ strategies, place: site.place }, 'code of a strategy failed after its handler was back')
  }
  const exit = (): void => watchdog.blameRunning('a handler ended the process')
  // Before those who end the process on it.
  process.prependListener('unhandledRejection', blame)
  process.on('uncaughtExceptionMonitor', blame)
  process.on('exit', exit)
  return () => {
    process.off('unhandledRejection', blame)
    process.off('uncaughtExceptionMonitor', blame)
    process.off('exit', exit)
  }
}

/** Where in whose bundle it happened: the hash from the file that was loaded, the place as its author knows it. */
function authorSite(error: Error, folder: string): { code: string; place: string } | undefined {
  for (const site of sitesOf(error)) {
    const file = fileOf(site.getFileName() ?? '')
    const code = codeOf(file, folder)
    if (code === undefined) continue
    const [line, column] = [site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1]
    const entry = findSourceMap(file)?.findEntry(line - 1, column - 1)
    const own = entry && 'originalSource' in entry ? entry : undefined
    return { code, place: own ? `${path.basename(own.originalSource)}:${own.originalLine + 1}` : `line ${line}` }
  }
  return undefined
}

const fileOf = (name: string): string => (name.startsWith('file:') ? fileURLToPath(name) : name)

/** The hash of the bundle that was loaded from this file or address. */
export function codeOf(name: string, folder: string): string | undefined {
  const file = fileOf(name)
  return path.dirname(file) === folder ? /^([0-9a-f]{64})\.mjs$/.exec(path.basename(file))?.[1] : undefined
}

/** The stack as it is, not as text: texts name the author's file, and two strategies may have files of one name. */
function sitesOf(error: Error): readonly NodeJS.CallSite[] {
  let found: readonly NodeJS.CallSite[] = []
  const usual = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  Error.prepareStackTrace = (_, sites) => {
    found = sites
    const places = sites.map((site) => `${site.getFileName()}:${site.getLineNumber()}`)
    return [String(error), ...places].join('\n    at ')
  }
  try {
    void error.stack
  } finally {
    if (usual) Object.defineProperty(Error, 'prepareStackTrace', usual)
    else Reflect.deleteProperty(Error, 'prepareStackTrace')
  }
  return found
}
