import { fork } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { HEAP_MB_MAX } from './limits.ts'
import type { Said, Task, Told } from './task.ts'

export type Ending = Exclude<Said, { kind: 'progress' }> | { readonly kind: 'died'; readonly how: string; readonly lastWords: string }
export type JobProcess = {
  /** Settles once, when the process has ended. */
  readonly ended: Promise<Ending>
  /** What was done by then becomes a run. */
  stop(): void
  kill(): Promise<void>
}

/** What a process that died wrote last is for the log of the service, characters. V8 says why above its stack. */
const LAST_WORDS_MAX = 8_000
/** Market data and live trading come first on a machine that does both. */
const NICENESS = 10

/** A process for one job: an endless loop, a leak or a crash in there is not ours. It has no environment and no secrets. */
export function startJob(task: Task, onProgress: (said: Extract<Said, { kind: 'progress' }>) => void): JobProcess {
  const child = fork(path.join(import.meta.dirname, 'child.ts'), [], {
    execArgv: [`--max-old-space-size=${HEAP_MB_MAX}`],
    env: { TMPDIR: os.tmpdir() },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  if (child.pid !== undefined) lower(child.pid)
  let said: Ending | undefined
  let lastWords = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS_MAX)
  })
  const ended = new Promise<Ending>((resolve) => {
    child.on('message', (one: Said) => {
      if (one.kind === 'progress') onProgress(one)
      else said = one
    })
    child.once('error', (error) => resolve({ kind: 'died', how: error.message, lastWords }))
    child.once('close', (code, signal) => resolve(said ?? { kind: 'died', how: signal ?? `code ${code}`, lastWords }))
  })
  const tell = (told: Told): void => void (child.connected && child.send(told, () => undefined)) // it ends: `close` says so
  tell({ kind: 'start', task })
  return {
    ended,
    stop: () => tell({ kind: 'stop' }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function lower(pid: number): void {
  try {
    os.setPriority(pid, NICENESS)
  } catch {
    // Where this is not allowed, or it is gone already, the job runs as it is.
  }
}
