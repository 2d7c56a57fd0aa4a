import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BootFault } from './faults.ts'
import { forgetChild, recordOf, rememberChild, trySignal } from './processes.ts'

export type Command = {
  file: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd?: string
  uid?: number
  gid?: number
}

export type Child = {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Settles with a sentence when the process ends, wanted or not. */
  readonly ended: Promise<string>
  endedWith(): string | undefined
  /** What it logged since this start. */
  logged(): string
  stop(): Promise<void>
  kill(): void
}

const LOG_BYTES_MAX = 16_000_000
const POLL_MS = 20

const living = new Set<{ pid: number; stopSignal: NodeJS.Signals }>()

// Whatever way the supervisor leaves, its children are told to go.
process.on('exit', () => {
  for (const child of living) trySignal(child.pid, child.stopSignal)
})

/** The second Ctrl-C: no manners left. */
export function killChildren(): void {
  for (const child of living) trySignal(child.pid, 'SIGKILL')
}

export function startChild(options: {
  name: string
  command: Command
  /** The data folder in whose pids.json the child is remembered; without it a killed supervisor leaves it behind. */
  home: string | undefined
  logFile: string
  stopSignal: NodeJS.Signals
  stopLimitMs: number
}): Child {
  const { name, command, home, logFile, stopSignal } = options
  const log = openLog(logFile)
  // An own session: Ctrl-C in the terminal must reach the supervisor only, which stops its services in order.
  const spawned = spawn(command.file, command.args, {
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor],
    ...(command.env === undefined ? {} : { env: command.env }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.uid === undefined ? {} : { uid: command.uid }),
    ...(command.gid === undefined ? {} : { gid: command.gid }),
  })
  closeSync(log.descriptor)
  const pid = spawned.pid ?? -1
  const entry = { pid, stopSignal }
  if (pid > 0) living.add(entry)
  if (pid > 0 && home !== undefined) rememberChild(home, { ...recordOf(pid), name, stopSignal })

  let end: string | undefined
  const ended = endOf(spawned, name).then((sentence) => {
    end = sentence
    living.delete(entry)
    if (home !== undefined) forgetChild(home, name)
    return sentence
  })
  return {
    name,
    pid,
    logFile,
    ended,
    endedWith: () => end,
    logged: () => readFileSync(logFile).subarray(log.offset).toString('utf8'),
    kill: () => trySignal(pid, 'SIGKILL'),
    async stop() {
      if (end !== undefined) return
      trySignal(pid, stopSignal)
      const patience = sleep(options.stopLimitMs, undefined, { ref: false }).then(() => trySignal(pid, 'SIGKILL'))
      await Promise.race([ended, patience])
      await ended
    },
  }
}

function openLog(file: string): { descriptor: number; offset: number } {
  mkdirSync(dirname(file), { recursive: true })
  if (sizeOf(file) > LOG_BYTES_MAX) renameSync(file, `${file}.old`)
  return { descriptor: openSync(file, 'a'), offset: sizeOf(file) }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function endOf(spawned: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve) => {
    spawned.once('error', (error) => resolve(`${name} could not be run: ${error.message}`))
    spawned.once('exit', (code, signal) => resolve(`${name} ended (${signal ?? `exit code ${code}`})`))
  })
}

/** Waits until the service answers; if it ends or the time is over, throws what its log says about it. */
export async function untilReady(
  child: Child,
  ready: () => Promise<boolean>,
  options: { limitMs: number; explain: (log: string) => BootFault | undefined },
): Promise<void> {
  const deadline = performance.now() + options.limitMs
  while (!(await ready())) {
    const end = child.endedWith()
    const late = performance.now() > deadline
    if (end === undefined && !late) {
      await sleep(POLL_MS)
      continue
    }
    if (end === undefined) await child.stop()
    throw (
      options.explain(child.logged()) ?? unexplained(child, end ?? `${child.name} is not ready after its time limit`)
    )
  }
}

function unexplained(child: Child, what: string): BootFault {
  const lines = child.logged().trim().split('\n')
  const telling = lines.findLast((line) => /FATAL|PANIC|\[FTL\]|\[ERR\]|error/i.test(line)) ?? lines.at(-1) ?? ''
  return new BootFault('start_failed', `${what}: ${telling.trim()}`, `see ${child.logFile}`)
}
