import { parentPort, workerData } from 'node:worker_threads'
import { Refusal } from '@contrail/contracts'
import { runBacktest } from '@contrail/trading'
import type { InputSpec, StrategyDefinition } from '@contrail/trading'
import { z } from 'zod'
import { definitionOf } from './strategy.ts'
import type { Answer, Question, ThreadData } from './host.ts'
import { leave, pulseOf, watched } from './watch.ts'

/** The thread of one run. The strategy's code runs here and nowhere else: an endless loop hangs this thread alone. */
const { code, memory } = workerData as ThreadData
// The bundle carries a map of the author's lines.
process.setSourceMapsEnabled(true)
const pulse = pulseOf(memory)
const say = (answer: Answer): void => parentPort?.postMessage(answer)

let definition: StrategyDefinition
try {
  definition = watched(await definitionOf(code), pulse)
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
    throw new Refusal('invalid_parameter', field, value ?? 'nothing', issue?.message ?? 'see the schema')
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

function run({ options }: Extract<Question, { kind: 'run' }>): void {
  const result = runBacktest({
    ...options,
    definition,
    onProgress: (done, total) => {
      say({ kind: 'progress', done, total })
      return Atomics.load(pulse.stop, 0) === 0
    },
  })
  const { timeUs, value, exposure } = result.equity
  const owned = [timeUs, value, exposure].flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))
  parentPort?.postMessage({ kind: 'done', result } satisfies Answer, [...new Set(owned)])
}

function failureOf(error: unknown): { code: string; field: string; value: string; mend: string } {
  if ((error as { name?: string } | null)?.name === 'Refusal') {
    const { code: why, field, value, mend } = error as Refusal
    return { code: why, field, value, mend }
  }
  const text = error instanceof Error ? error.message : String(error)
  return { code: 'strategy_failed', field: placeOf(error), value: text, mend: 'mend what it does with this event' }
}

/** `my-first.ts:12`: the first line of the author's own code in the stack; `strategy` where there is none. */
function placeOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause ?? error
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const places = [...stack.matchAll(/([^\s()]+\.(?:ts|js|mjs)):(\d+):\d+/g)].map(([, file, line]) => ({ file, line }))
  const own = places.find(({ file }) => !/node:|\/libs\/|node_modules/.test(file ?? ''))
  return own ? `${own.file?.split('/').at(-1)}:${own.line}` : 'strategy'
}
