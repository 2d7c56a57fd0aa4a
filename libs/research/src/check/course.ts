import type * as Trading from '@contrail/trading'
import type { StrategyDefinition, StrategyTest } from '@contrail/trading'
import { alongRows } from './rows.ts'
import { watched } from './watched.ts'
import type { Traps } from './traps.ts'
import type { Answer, Course, Question, Step, Tried } from './types.ts'

type Kit = typeof Trading
type Saved = { readonly at: number; readonly state: unknown }
/** Steps after which others get their turn when the author's code is given time to do something behind our back. */
const BREATH_STEPS = 25
/** Steps after which the language is looked at for changes. */
const LOOK_STEPS = 64
/** Of the drift, the last part of the steps is compared. */
const DRIFT_PART = 0.25

// Taken before anything of the author's is loaded.
const turn = Promise.resolve.bind(Promise)
const clock = performance.now.bind(performance)
const heapUsed = process.memoryUsage.bind(process)
const breathe = (() => {
  const { setImmediate: later } = globalThis
  return () => new Promise<void>((resolve) => void later(resolve))
})()

const kitOf = ({ parameters, instruments, steps }: Question) => {
  const [first] = steps
  const startUs = first?.kind === 'candle' ? first.openTimeUs : first?.kind === 'timer' ? undefined : first?.atUs
  return { parameters, ...(instruments && { instruments }), ...(startUs !== undefined && { startUs }) }
}

/** All the ways along the same inputs that must come out the same. */
export async function courses(
  question: Question,
  kit: Kit,
  load: () => Promise<StrategyDefinition>,
  traps: Traps,
): Promise<Omit<Answer, 'used'>> {
  const { steps, cuts } = question
  const notFinite = new Set<string>()
  const definition = await load()
  const open = (from: StrategyDefinition) => kit.testStrategy(watched(from, notFinite, traps), kitOf(question))
  const differences: { tried: Tried; detail: string }[] = []
  const compare = (tried: Tried, wanted: Course, found: Course, from = 0, to = steps.length) => {
    const detail = difference(wanted, found, from, to, steps)
    if (detail !== undefined && !differences.some((one) => one.tried === tried)) differences.push({ tried, detail })
  }
  const first = open(definition)
  const saved: Saved[] = []
  const whole = drive(first, steps, { cuts, onCut: (at) => void saved.push({ at, state: first.save() }), traps })
  const decisions = first.decisions.length
  // A second time, and over each beginning, with all that the module may have kept from the first.
  compare('again', whole, drive(open(definition), steps, {}))
  for (const at of cuts) {
    const part = open(definition)
    compare('truncated', whole, drive(part, steps, { to: at }), 0, at)
    const before = saved.find((one) => one.at === at)
    if (before && JSON.stringify(part.save()) !== JSON.stringify(before.state))
      compare('truncated', { log: [], end: 'one state' }, { log: [], end: 'another state' })
  }
  if (question.world.whole) {
    const slow = open(definition)
    const course = await breathing(slow, steps)
    compare('breathing', whole, course)
  }
  for (const { at, state } of question.saved ?? saved) {
    const next = open(await load())
    next.load(JSON.parse(JSON.stringify(state)))
    compare('restored', whole, drive(next, steps, { from: at }), at)
  }
  const rows = question.world.whole ? await alongRows(question, kit, load) : { differences: [], skipped: undefined }
  traps.lookForChanges()
  for (const path of numbersIn(first.state)) notFinite.add(`state${path}`)
  const cost = question.world.whole ? costOf(open(definition), steps) : { nsPerEvent: null, bytesPerEvent: null }
  return {
    whole,
    saved,
    differences: [...differences, ...rows.differences],
    notFinite: [...notFinite],
    ...(rows.skipped !== undefined && { rowsSkipped: rows.skipped }),
    decisions,
    drift: question.world.whole ? driftOf(question, kit, watched(definition, new Set(), traps)) : null,
    ...cost,
  }
}

type DriveOptions = {
  from?: number
  to?: number
  cuts?: readonly number[]
  onCut?: (at: number) => void
  traps?: Traps
}

function drive(test: StrategyTest<unknown>, steps: readonly Step[], options: DriveOptions): Course {
  const log: [number, string][] = []
  const { from = 0, to = steps.length, cuts = [], onCut, traps } = options
  const due = new Set(cuts)
  const recorder = new Recorder(test, log)
  for (let at = from; at < to; at++) {
    if (due.has(at)) onCut?.(at)
    takeStep(test, steps[at] as Step)
    recorder.after(at)
    if (at % LOOK_STEPS === 0) traps?.lookForChanges()
  }
  return { log, end: endOf(test) }
}

async function breathing(test: StrategyTest<unknown>, steps: readonly Step[]): Promise<Course> {
  const log: [number, string][] = []
  const recorder = new Recorder(test, log)
  for (let at = 0; at < steps.length; at++) {
    takeStep(test, steps[at] as Step)
    recorder.after(at)
    await turn()
    if (at % BREATH_STEPS === 0) await breathe()
  }
  return { log, end: endOf(test) }
}

class Recorder {
  readonly #test: StrategyTest<unknown>
  readonly #log: [number, string][]
  #decided = 0
  #reasons: unknown
  constructor(test: StrategyTest<unknown>, log: [number, string][]) {
    this.#test = test
    this.#log = log
    this.#reasons = test.reasons
  }
  after(at: number): void {
    const { decisions, reasons } = this.#test
    if (decisions.length === this.#decided && reasons === this.#reasons) return
    const said = { decisions: decisions.slice(this.#decided), reasons }
    this.#decided = decisions.length
    this.#reasons = reasons
    this.#log.push([at, JSON.stringify(said)])
  }
}

/** The part that has to be equal: not what a test counts for itself. */
const endOf = (test: StrategyTest<unknown>): string => JSON.stringify((test.save() as { actor: unknown }).actor)

export function takeStep(test: StrategyTest<unknown>, step: Step): void {
  switch (step.kind) {
    case 'candle': {
      const { bar, venue, instrument, timeframe, openTimeUs } = step
      const times = openTimeUs === undefined ? {} : { openTimeUs }
      test.candle(bar, { venue, instrument, timeframe: timeframe as '1m', ...times })
      return
    }
    case 'tick': {
      const { price, quantity, side, venue, instrument } = step
      test.wait(waitOf(step, test))
      test.tick(price, { quantity, side, venue, instrument })
      return
    }
    case 'quote':
      test.wait(waitOf(step, test))
      test.quote(step.bid, step.ask, { venue: step.venue, instrument: step.instrument })
      return
    case 'timer':
      test.timer(0)
  }
}

const waitOf = ({ seconds, atUs }: { seconds: number; atUs?: number }, { nowUs }: { nowUs: number }): number =>
  atUs === undefined ? seconds : Math.max(0, (atUs - nowUs) / 1e6)

function difference(
  wanted: Course,
  found: Course,
  from: number,
  to: number,
  steps: readonly Step[],
): string | undefined {
  const part = wanted.log.filter(([at]) => at >= from && at < to)
  for (let i = 0; i < Math.max(part.length, found.log.length); i++) {
    const [a, b] = [part[i], found.log[i]]
    if (a?.[0] === b?.[0] && a?.[1] === b?.[1]) continue
    const at = Math.min(a?.[0] ?? Infinity, b?.[0] ?? Infinity)
    const said = (one: readonly [number, string] | undefined) => (one?.[0] === at ? shorter(one[1]) : 'nothing')
    return `on ${describeStep(steps[at] as Step)} (input ${at + 1}): ${said(a)}, then ${said(b)}`
  }
  return to === steps.length && wanted.end !== found.end ? 'it decided the same, but its state is another' : undefined
}

const shorter = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text)
const describeStep = (step: Step): string =>
  step.kind === 'timer' ? 'a clock beat' : `a ${step.kind} of ${step.venue} ${step.instrument}`

/** Paths of numbers that are none; an indicator may have them until it is ready. */
function numbersIn(value: unknown, path = '', depth = 0): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path} is ${value}`]
  if (typeof value !== 'object' || value === null || depth > 8) return []
  if (typeof (value as { snapshot?: unknown }).snapshot === 'function') return []
  if (value instanceof Float64Array) return value.every((one) => Number.isFinite(one)) ? [] : [`${path} holds NaN`]
  return Object.entries(value).flatMap(([key, item]) => numbersIn(item, `${path}.${key}`, depth + 1))
}

/** How far its notes are from those of one that has seen everything, when it begins in the middle with its look-back. */
function driftOf(question: Question, kit: Kit, definition: StrategyDefinition): number | null {
  const { steps, parameters } = question
  const lookback = definition.lookback?.(definition.parameters.parse(parameters)) ?? 0
  const inputs = definition.inputs(definition.parameters.parse(parameters)).length
  const middle = Math.floor(steps.length / 2)
  const begin = Math.max(0, middle - Math.ceil(lookback) * inputs)
  const [long, short] = [kit.testStrategy(definition, kitOf(question)), kit.testStrategy(definition, kitOf(question))]
  let worst: number | null = null
  steps.forEach((step, at) => {
    takeStep(long, step)
    if (at < begin) return
    takeStep(short, step)
    if (at < steps.length * (1 - DRIFT_PART)) return
    for (const [name, value] of Object.entries(long.reasons)) {
      const other = short.reasons[name]
      if (typeof value !== 'number' || typeof other !== 'number') continue
      const size = Math.max(Math.abs(value), Math.abs(other))
      worst = Math.max(worst ?? 0, size === 0 ? 0 : Math.abs(value - other) / size)
    }
  })
  return worst
}

function costOf(test: StrategyTest<unknown>, steps: readonly Step[]) {
  const before = heapUsed().heapUsed
  const startMs = clock()
  for (const step of steps) takeStep(test, step)
  const elapsedMs = clock() - startMs
  const bytes = heapUsed().heapUsed - before
  return {
    nsPerEvent: Math.round((elapsedMs * 1e6) / steps.length),
    // A collection in between makes it meaningless.
    bytesPerEvent: bytes > 0 ? Math.round(bytes / steps.length) : null,
  }
}
