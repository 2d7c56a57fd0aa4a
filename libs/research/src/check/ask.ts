import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Answer, Question } from './types.ts'

const THREAD = fileURLToPath(new URL('./thread.ts', import.meta.url))
/** Longest that the author's code may take for all of its courses, ms. */
export const CHECK_MS_MAX = 120_000
const MEMORY_MB = 1_024
/** The second world: another zone, language and hash seed than anybody's. */
const ELSEWHERE = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }

/** In a thread of this process. */
export function askThread(question: Question, budgetMs = CHECK_MS_MAX): Promise<Answer> {
  const worker = new Worker(THREAD, {
    workerData: question,
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  })
  return answered(worker, () => void worker.terminate(), budgetMs)
}

/** In a process of its own, in another zone, language and with other hash seeds. */
export function askElsewhere(question: Question, budgetMs = CHECK_MS_MAX): Promise<Answer> {
  const child = fork(THREAD, [], {
    env: ELSEWHERE,
    execArgv: ['--hash-seed=20177', '--random-seed=4711', `--max-old-space-size=${MEMORY_MB}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  child.send(question)
  return answered(child, () => child.kill('SIGKILL'), budgetMs)
}

type Asked = {
  once(event: 'message', listener: (answer: Answer) => void): unknown
  once(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'exit', listener: (code: number | null) => void): unknown
}

function answered(asked: Asked, end: () => void, budgetMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const settle = (answer: Answer) => {
      clearTimeout(timer)
      end()
      resolve(answer)
    }
    const fail = (failure: string) => settle({ ...NOTHING, failure })
    const timer = setTimeout(
      () => fail(`it did not come back within ${budgetMs / 1000} s: an endless loop, or far too slow`),
      budgetMs,
    )
    asked.once('message', settle)
    asked.once('error', (error) => fail(error.message))
    asked.once('exit', (code) => fail(`it ended by itself (${code})`))
  })
}

const NOTHING: Answer = {
  saved: [],
  differences: [],
  used: [],
  notFinite: [],
  decisions: 0,
  drift: null,
  nsPerEvent: null,
  bytesPerEvent: null,
}
