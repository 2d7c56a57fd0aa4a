import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** Longest that a child may take to be ready, or to answer, ms. */
const READY_MS_MAX = 20_000
const ANSWER_MS_MAX = 300_000

export type Child = {
  readonly pid: number
  ask<T>(question: unknown): Promise<T>
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** Every child that runs, so that none outlives the bench. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A process of the hand-written chain. */
export const startBare = (name: string, options: object): Promise<Child> => startPart('bare', name, options)

/** It says `ready`, then answers one message with one message. */
export async function startPart(folder: 'bare' | 'floor', name: string, options: object): Promise<Child> {
  const file = path.join(import.meta.dirname, folder, `${name}.ts`)
  const child = fork(file, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'] ?? '' },
  })
  children.add(child)
  await answerOf(child, name, READY_MS_MAX)
  return {
    pid: child.pid as number,
    ask: async <T>(question: unknown) => {
      child.send(question as object)
      return (await answerOf(child, name, ANSWER_MS_MAX)) as T
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: () => endChild(child),
  }
}

export function keepChild(child: ChildProcess): void {
  children.add(child)
}

export async function endChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

function answerOf(child: ChildProcess, name: string, limitMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      child.off('message', answered)
      child.off('exit', ended)
      act()
    }
    const answered = (message: unknown) => settle(() => resolve(message))
    const ended = (code: number | null) => settle(() => reject(new Error(`${name} ended with ${code}`)))
    const timer = setTimeout(() => settle(() => reject(new Error(`${name} gave no answer in ${limitMs} ms`))), limitMs)
    child.once('message', answered)
    child.once('exit', ended)
  })
}
