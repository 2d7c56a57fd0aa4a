import { mkdirSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { setImmediate, setTimeout } from 'node:timers'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { mendOf, Refusal } from '@contrail/contracts'
import { runBacktest } from '@contrail/trading'
import type { InputSpec, StrategyDefinition } from '@contrail/trading'
import { z } from 'zod'
import { definitionAt } from './definition.ts'
import type { Answer, Question, ThreadData } from './host.ts'
import { GROWS } from './memory.ts'
import { packResult, writeAllDecisions, writeOrdersAndFills } from './outcome.ts'
import { leave, pulseOf, watched } from './watch.ts'

/** The thread of one run. The strategy's code runs here and nowhere else: an endless loop hangs this thread alone. */
const { file, memory, boot } = workerData as ThreadData
// The bundle carries a map of the author's lines.
process.setSourceMapsEnabled(true)
const pulse = pulseOf(memory)
const say = (answer: Answer): void => parentPort?.postMessage(answer)

process.on('uncaughtException', late)
process.on('unhandledRejection', late)
// The thread would end without a word; what a handler throws is told with its line.
process.exit = () => {
  throw new Error('it called process.exit')
}
say({ kind: 'started' })
let definition: StrategyDefinition
try {
  definition = watched(await definitionAt(pathToFileURL(file).href), pulse)
  say({ kind: 'loaded' })
} catch (error) {
  say({ kind: 'failed', ...failureOf(error) })
}

parentPort?.on('message', (question: Question) => {
  try {
    if (question.kind === 'describe') say({ kind: 'described', ...describe(question.parameters, question.fill) })
    else run(question)
  } catch (error) {
    leave(pulse)
    say({ kind: 'failed', ...failureOf(error) })
  }
})

function describe(given: Readonly<Record<string, unknown>>, fill: Readonly<Record<string, unknown>>) {
  const known = Object.keys(
    (z.toJSONSchema(definition.parameters as z.ZodType, { io: 'input', unrepresentable: 'any' }).properties ??
      {}) as object,
  )
  const unknown = Object.keys(given).find((name) => known.length > 0 && !known.includes(name))
  if (unknown !== undefined)
    throw new Refusal('unknown_parameter', unknown, given[unknown], `the strategy has ${known.join(', ')}`)
  const taken = Object.fromEntries(Object.entries(fill).filter(([name]) => known.includes(name) && !(name in given)))
  const parsed = definition.parameters.safeParse({ ...taken, ...given })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') || 'parameters'
    const value = issue?.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], given)
    throw new Refusal('invalid_parameter', field, value ?? 'nothing', mendOf(issue))
  }
  const parameters = parsed.data as Record<string, unknown>
  const inputs = definition.inputs(parameters) as readonly InputSpec[]
  return {
    name: definition.name,
    description: definition.description ?? '',
    parameters,
    fromData: Object.keys(taken),
    inputs: inputs.map((input) => ({ ...input })),
    lookback: definition.lookback?.(parameters) ?? 0,
  }
}

/** Between two words about progress. */
const TELL_MS = 50

function run({ options, folder }: Extract<Question, { kind: 'run' }>): void {
  let toldMs = -Infinity
  const result = runBacktest({
    ...options,
    definition,
    onProgress: (done, total) => {
      const nowMs = performance.now()
      if (nowMs - toldMs > TELL_MS) {
        toldMs = nowMs
        say({ kind: 'progress', done, total })
      }
      return Atomics.load(pulse.stop, 0) === 0
    },
  })
  const { packed, memory } = packResult(result)
  parentPort?.postMessage({ kind: 'done', result: packed } satisfies Answer, memory)
  // While whoever asked writes and judges the result.
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  say({ kind: 'counted', totals: writeOrdersAndFills(result, folder) })
  say({ kind: 'written', decisionsSha256: writeAllDecisions(result, folder) })
  // With what was compiled on the way.
  if (boot) flushCompileCache()
  rest()
}

/** Timers that are still set when the run is over are waited for no longer than this. */
const TIMERS_MS_MAX = 250

/** What a strategy has left behind runs only now: promises first, then timers. */
function rest(): void {
  const done = (): void => say({ kind: 'rested' })
  setImmediate(() => {
    if (process.getActiveResourcesInfo().includes('Timeout')) setTimeout(done, TIMERS_MS_MAX)
    else done()
  })
}

/** A timer or a promise failed when its handler was back: nothing around it could catch that. */
function late(error: unknown): void {
  const { field, value } = failureOf(error)
  const mend = 'nothing of a strategy may run when its handler is back: no timers, no promises'
  say({ kind: 'failed', code: 'strategy_failed', field, value: `${value}, after its handler was back`, mend })
}

function failureOf(error: unknown): { code: string; field: string; value: string; mend: string } {
  const cause = (error as { cause?: unknown } | null)?.cause
  const place = placeOf(cause ?? error)
  const refusal = [error, cause].find((one): one is Refusal => (one as Error | undefined)?.name === 'Refusal')
  if (refusal) {
    const { code, field, value, mend } = refusal
    return { code, field: place ? `${place} ${field}` : field, value: bare(value), mend }
  }
  const text = error instanceof Error ? error.message : String(error)
  // What V8 refuses by itself, however much there is: a text of half a billion characters, a map of 16 million entries.
  if (/Invalid string length|allocation failed|maximum size exceeded/.test(text))
    return { code: 'out_of_memory', field: place ?? '', value: text, mend: GROWS }
  return { code: 'strategy_failed', field: place ?? '', value: text, mend: 'mend what it does with this event' }
}
/** A refusal quotes what it was given; it is quoted again where it is shown. A function: it is called while the module loads. */
function bare(value: string): string {
  return /^".*"$/.test(value) ? (JSON.parse(value) as string) : value
}

/** `my-first.ts:12`: the first line of the author's own code in the stack. */
function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const own = frames.find((line) => !/node:|node_modules|[\\/]libs[\\/]|bundle\.mjs/.test(line))
  return /([^\s/\\(]+:\d+):\d+\)?$/.exec(own ?? '')?.[1]
}
