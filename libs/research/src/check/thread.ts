import { parentPort, workerData } from 'node:worker_threads'
import { pathToFileURL } from 'node:url'
import type * as Trading from '@contrail/trading'
import type { StrategyDefinition } from '@contrail/trading'
import { courses } from './course.ts'
import type { Answer, Question } from './types.ts'
import { setTraps } from './traps.ts'

/** Holds the author's code: a thread in the world of the check, a process of its own in another one. */
async function answer(question: Question): Promise<Answer> {
  process.setSourceMapsEnabled(true)
  Error.stackTraceLimit = 40
  const urlOf = (file: string) => pathToFileURL(file).href
  const { $shared } = (await import(urlOf(question.shared))) as {
    $shared: { m2: typeof Trading } & Record<string, object>
  }
  const traps = setTraps({
    sharedFile: question.shared,
    clockOffsetMs: question.world.clockOffsetMs,
    shared: $shared,
  })
  let loaded = 0
  const load = async (): Promise<StrategyDefinition> => {
    traps.arm(true)
    const module = (await import(`${urlOf(question.author)}?n=${++loaded}`)) as { default?: StrategyDefinition }
    traps.arm(false)
    traps.lookForChanges()
    if (typeof module.default?.inputs !== 'function') throw new TypeError('export default defineStrategy({ ... })')
    return module.default
  }
  const found = await courses(question, $shared.m2, load, traps).catch(failed)
  return { ...found, used: [...traps.used].sort() }
}

const failed = (error: unknown): Answer => ({
  saved: [],
  differences: [],
  used: [],
  notFinite: [],
  failure: describeFailure(error),
  decisions: 0,
  drift: null,
  nsPerEvent: null,
  bytesPerEvent: null,
})

function describeFailure(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause
  const { message = String(error), stack = '' } = inner as Partial<Error>
  const own = stack
    .split('\n')
    .find((line) => /^\s+at /.test(line) && !/node:|node_modules|shared-|[\\/]libs[\\/]/.test(line))
  const place = /([^\s/\\(]+?:\d+):\d+\)?$/.exec(own ?? '')?.[1]
  const input = error instanceof Error && error.cause !== undefined ? ` (${error.message})` : ''
  return `${message}${place ? ` at ${place}` : ''}${input}`
}

const exit = process.exit.bind(process)
const send = process.send?.bind(process)
const port = parentPort
if (port)
  answer(workerData as Question).then((value) => port.postMessage(value), (error: unknown) => port.postMessage(failed(error))) // prettier-ignore
else
  process.once('message', (question: Question) => {
    answer(question).then(
      (value) => send?.(value, undefined, undefined, () => exit(0)),
      (error: unknown) => send?.(failed(error), undefined, undefined, () => exit(0)),
    )
  })
