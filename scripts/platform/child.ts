import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'

/** A process of ours: its apps with their settings, restarted when it dies (fail stop, start fast). */
export type HostSpec = {
  readonly name: string
  readonly apps: Record<string, Record<string, string>>
  /** The operator's bus address, in the one host that makes streams anew after a restart of the server. */
  readonly keepStreams?: string
}
export type HostReady = { readonly urls: Record<string, string> }
export type Host = {
  readonly name: string
  readonly pid: () => number | undefined
  readonly ready: Promise<HostReady>
  kill9(): void
  stop(): Promise<void>
}

/**
 * Of each process of ours. V8's own young generation grows to 32 MB and more, which a service that waits never gives back,
 * and counts into the limit that the engine's watch of memory looks at.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4']

const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 10_000
const STOP_MS_MAX = 15_000

export function startHost(spec: HostSpec, options: { logs: string; say: (line: string) => void }): Host {
  let child: ChildProcess | undefined
  let stopping = false
  let delayMs = RESTART_MS_MIN
  let settle: { resolve(value: HostReady): void; reject(error: Error): void } | undefined
  const ready = new Promise<HostReady>((resolve, reject) => {
    settle = { resolve, reject }
  })
  let wasReady = false

  function launch(): void {
    const log = openSync(path.join(options.logs, `${spec.name}.log`), 'a')
    child = fork(path.join(import.meta.dirname, 'host.ts'), [], {
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: [...NODE_FLAGS],
      env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', NODE_COMPILE_CACHE: path.join(options.logs, '..', 'cache') },
    })
    closeSync(log)
    child.send(spec)
    child.on('message', (message: { ready?: HostReady; failed?: string }) => {
      if (message.ready) {
        wasReady = true
        delayMs = RESTART_MS_MIN
        settle?.resolve(message.ready)
      }
      if (message.failed && !wasReady) settle?.reject(new Error(`${spec.name}: ${message.failed}`))
    })
    child.on('exit', (code, signal) => {
      child = undefined
      if (stopping) return
      if (!wasReady) return settle?.reject(new Error(`${spec.name} ended (${signal ?? code}); see ${spec.name}.log`))
      options.say(`${spec.name} ended (${signal ?? code}); starting it again in ${delayMs} ms`)
      setTimeout(launch, delayMs)
      delayMs = Math.min(delayMs * 2, RESTART_MS_MAX)
    })
  }

  launch()
  return {
    name: spec.name,
    pid: () => child?.pid,
    ready,
    kill9: () => void child?.kill('SIGKILL'),
    stop: async () => {
      stopping = true
      const running = child
      if (!running) return
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => running.kill('SIGKILL'), STOP_MS_MAX)
        running.on('exit', () => {
          clearTimeout(force)
          resolve()
        })
        running.kill('SIGTERM')
      })
    },
  }
}
