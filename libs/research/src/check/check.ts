import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Refusal, refuse } from '@contrail/contracts'
import { inspectBundle, linesBefore, openBundler, partsOf, sharedText, wholeOf } from '@contrail/runtime/bundle'
import { askElsewhere, askThread } from './ask.ts'
import { openData } from '../run/data.ts'
import type { Opened } from '../run/data.ts'
import { marketFor } from './market.ts'
import { ownMarket } from './own-market.ts'
import type { OwnData } from './own-market.ts'
import { readSources } from './source.ts'
import { checkTypes } from './tsc.ts'
import type { Answer, CheckLine, CheckName, CheckReport, CheckStatus, Question, SpokenInput, Tried } from './types.ts'

export type CheckOptions = {
  readonly parameters?: Record<string, unknown>
  /** Bars of the check's market, or events of the data. */
  readonly rows?: number
  /** In place of the check's market. */
  readonly data?: OwnData
  readonly seed?: number
  /** Checkpoints from which it must go on, and beginnings over which it must decide the same. */
  readonly cuts?: number
  /** Longest that the author's code may take for all of it, ms. */
  readonly budgetMs?: number
  /** `false` leaves the compiler out: where it is asked about many files at once. */
  readonly types?: boolean
}
const ROWS = 600
const CUTS = 6
const DAY_MS = 86_400_000
/** Relative difference of a note from which on the look-back is said to be too short. */
const DRIFT_MAX = 1e-3

/** Everything that can be found out about a strategy's file without a service, on a seeded market. */
export async function checkStrategy(file: string, options: CheckOptions = {}): Promise<CheckReport> {
  const lines: CheckLine[] = []
  const say = (check: CheckName, status: CheckStatus, detail: string) => void lines.push({ check, status, detail })
  const opened = options.data && (await openData(options.data.request))
  const folder = await mkdtemp(path.join(os.tmpdir(), 'contrail-check-'))
  try {
    const made = await prepare(file, folder, options, opened).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
      say('loads', 'failed', `${error.field}: ${error.value}; ${error.mend}`)
      return undefined
    })
    if (!made) return reportOf(file, '', lines, undefined)
    say('loads', 'passed', `${made.files.length} file${made.files.length > 1 ? 's' : ''}, ${made.sha256.slice(0, 12)}`)
    const types = options.types === false ? undefined : checkTypes(file, folder)
    const first = await askThread(made.question, options.budgetMs)
    const second =
      first.failure === undefined ? await askElsewhere(elsewhere(made.question, first), options.budgetMs) : undefined
    if (types) lines.push(await types)
    judge(say, first, second, readSources(made.files))
    return reportOf(file, made.sha256, lines, first, made.question.steps.length)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Prepared = { readonly sha256: string; readonly files: readonly string[]; readonly question: Question }
type Spoken = { inputs: SpokenInput[]; wantsTimer: boolean; given: Record<string, unknown> }

async function prepare(
  file: string,
  folder: string,
  options: CheckOptions,
  opened: Opened | undefined,
): Promise<Prepared> {
  const bundler = await openBundler(file)
  const { text, sha256, files } = await bundler.build().finally(() => bundler.close())
  const parts = partsOf(text)
  const shared = parts?.shared ?? (await sharedText())
  const sharedFile = path.join(folder, 'shared-part.mjs')
  const authorFile = path.join(folder, 'author.mjs')
  await writeFile(sharedFile, `${shared}\nexport{$shared}`)
  const above = '\n'.repeat(linesBefore(shared))
  const author = parts ? `import{$shared}from"./shared-part.mjs"${above}${parts.author}` : text
  await writeFile(authorFile, author)
  const said = { given: options.parameters ?? {}, fill: opened?.fill ?? {} }
  const spoken = await inspectBundle<Spoken>(wholeOf(shared, parts?.author ?? text), PROBE, said)
  const { inputs, wantsTimer, given: parameters } = spoken
  const rows = options.rows ?? ROWS
  const market: Pick<Question, 'steps' | 'series' | 'instruments'> =
    options.data && opened
      ? await ownMarket(options.data, opened, inputs, { rows, wantsTimer })
      : marketFor(inputs, { rows, seed: options.seed ?? 7, wantsTimer })
  const { steps, series } = market
  if (steps.length === 0)
    throw refuse('no_market', 'inputs', JSON.stringify(inputs), 'listen to candles, ticks or quotes')
  const count = options.cuts ?? CUTS
  const cuts = Array.from({ length: count }, (_, i) => Math.floor((steps.length * (i + 1)) / (count + 1)))
  const world = { name: 'first' as const, clockOffsetMs: 0, whole: true }
  const question = { shared: sharedFile, author: authorFile, parameters, steps, series, cuts, world }
  return {
    sha256,
    files,
    question: { ...question, ...(market.instruments && { instruments: market.instruments }) },
  }
}

/** What the data says is filled in where the schema has such a name and nobody says otherwise. */
const PROBE = `(module, said) => {
  const definition = module.default
  if (typeof definition?.inputs !== 'function' || typeof definition.state !== 'function') throw new TypeError('it has no strategy as its default export')
  const names = Object.keys(definition.parameters.shape ?? {})
  const filled = Object.entries(said.fill).filter(([name, value]) => names.includes(name) && value !== undefined)
  const given = { ...Object.fromEntries(filled), ...said.given }
  const parameters = definition.parameters.parse(given)
  return { inputs: definition.inputs(parameters), wantsTimer: typeof definition.onTimer === 'function', given }
}`

/** Another process, another zone, language, hash seed and time of day; it goes on from states of the first one. */
const elsewhere = (question: Question, first: Answer): Question => ({
  ...question,
  series: [],
  cuts: [],
  saved: first.saved.filter((_, index) => index % 3 === 1),
  world: { name: 'second', clockOffsetMs: 411 * DAY_MS + 12_345_678, whole: false },
})

type Say = (check: CheckName, status: CheckStatus, detail: string) => void
const of = (answers: readonly (Answer | undefined)[], ...tried: Tried[]): string | undefined =>
  answers.flatMap((one) => one?.differences ?? []).find((one) => tried.includes(one.tried))?.detail

function judge(say: Say, first: Answer, second: Answer | undefined, read: readonly string[]): void {
  const both = [first, second]
  const used = [...read, ...new Set(both.flatMap((one) => one?.used ?? []))]
  const failure = first.failure ?? second?.failure
  say(
    'inputs-alone',
    used.length > 0 ? 'failed' : 'passed',
    used.length > 0 ? listed(used) : 'uses nothing but its inputs',
  )
  if (failure !== undefined) return say('runs', 'failed', failure)
  const ahead = of(both, 'truncated', 'truncated rows')
  say('look-ahead', ahead ? 'failed' : 'passed', ahead ?? 'over each beginning it decides what it decides on the whole')
  const elsewhereDiffers = second?.whole && first.whole && differs(first.whole, second.whole)
  const again = of(both, 'again', 'breathing')
  const unlike = again ?? elsewhereDiffers
  say('determinism', unlike ? 'failed' : 'passed', unlike || 'byte for byte the same: twice, and in another process, zone and language') // prettier-ignore
  const restored = of(both, 'restored')
  say('restart', restored ? 'failed' : 'passed', restored ?? `goes on the same from ${first.saved.length} checkpoints`)
  const rows = of(both, 'plain rows')
  if (first.rowsSkipped !== undefined) say('rows', 'skipped', first.rowsSkipped)
  else say('rows', rows ? 'failed' : 'passed', rows ?? 'decides the same on rows of columns and on messages')
  const numbers = [...new Set(both.flatMap((one) => one?.notFinite ?? []))]
  say('numbers', numbers.length > 0 ? 'failed' : 'passed', numbers.length > 0 ? listed(numbers) : 'no NaN in orders, notes and state') // prettier-ignore
  sayDrift(say, first)
  const { nsPerEvent, bytesPerEvent, decisions } = first
  const bytes = bytesPerEvent === null ? '' : `, ${bytesPerEvent} bytes`
  say('cost', decisions > 0 ? 'passed' : 'warning', `${nsPerEvent} ns${bytes} per event with its decoding${decisions > 0 ? '' : '; it decided nothing, so little was compared: give parameters with --set'}`) // prettier-ignore
}

function sayDrift(say: Say, { drift }: Answer): void {
  if (drift === null) return say('warm-up', 'skipped', 'it notes no numbers to compare')
  const percent = `${(drift * 100).toPrecision(2)} %`
  const text = `begun in the middle with its look-back, its notes differ by at most ${drift === 0 ? 'nothing' : percent}`
  say(
    'warm-up',
    drift > DRIFT_MAX ? 'warning' : 'passed',
    drift > DRIFT_MAX ? `${text}: a longer look-back would help` : text,
  )
}

function differs(a: NonNullable<Answer['whole']>, b: NonNullable<Answer['whole']>): string | undefined {
  const at = a.log.findIndex((one, i) => one[0] !== b.log[i]?.[0] || one[1] !== b.log[i]?.[1])
  if (at < 0 && a.log.length === b.log.length && a.end === b.end) return undefined
  const index = at < 0 ? Math.min(a.log.length, b.log.length) : at
  const input = a.log[index]?.[0] ?? b.log[index]?.[0]
  const said = (one: readonly [number, string] | undefined) => one?.[1].slice(0, 160) ?? 'nothing'
  return `in another process, zone and language: on input ${(input ?? 0) + 1} ${said(a.log[index])}, then ${said(b.log[index])}`
}

const LISTED_MAX = 6
const listed = (items: readonly string[]): string =>
  items.slice(0, LISTED_MAX).join('; ') + (items.length > LISTED_MAX ? `; and ${items.length - LISTED_MAX} more` : '')

function reportOf(
  strategy: string,
  codeSha256: string,
  lines: readonly CheckLine[],
  answer: Answer | undefined,
  events = 0,
): CheckReport {
  const { nsPerEvent = null, bytesPerEvent = null, decisions = 0 } = answer ?? {}
  const passed = lines.every(({ status }) => status !== 'failed')
  return { strategy, codeSha256, passed, lines, events, decisions, cost: { nsPerEvent, bytesPerEvent } }
}
