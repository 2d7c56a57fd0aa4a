import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { z } from 'zod'
import type { Trial } from './trial.ts'

const value = z.union([z.number(), z.string(), z.boolean()])
/** study.json: what was asked for, once and for ever. */
export const studySchema = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  createdUs: z.number(),
  /** Name of the definition. */
  strategy: z.string(),
  codeHash: z.string(),
  dataHash: z.string(),
  sampler: z.enum(['grid', 'random', 'tpe', 'cma-es']),
  seed: z.number(),
  batch: z.number().int().positive().optional(),
  objectives: z.array(z.strictObject({ name: z.string(), direction: z.enum(['maximise', 'minimise']) })).min(1),
  /** SHA-256 of the file of an objective that is a function. */
  objectiveHash: z.string().optional(),
  space: z.strictObject({
    dimensions: z.array(
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('number'),
          name: z.string(),
          low: z.number(),
          high: z.number(),
          step: z.number().optional(),
          log: z.boolean(),
        }),
        z.strictObject({ kind: z.literal('choice'), name: z.string(), choices: z.array(value) }),
      ]),
    ),
    fixed: z.record(z.string(), z.unknown()),
  }),
  /** How trials are run: data, cash, assumptions. What it says is the caller's; it must be the same to resume. */
  run: z.record(z.string(), z.unknown()),
})
export type StudyRecord = z.infer<typeof studySchema>

const trialSchema = z.union([
  z.object({
    number: z.number().int().nonnegative(),
    point: z.record(z.string(), value),
    state: z.literal('done'),
    values: z.array(z.number().nullable()),
    metrics: z.record(z.string(), z.number().nullable()),
    ms: z.number(),
  }),
  z.object({
    number: z.number().int().nonnegative(),
    point: z.record(z.string(), value),
    state: z.literal('failed'),
    problem: z.string(),
    ms: z.number(),
  }),
])

const folderOf = (directory: string, id: string): string => {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw refuse('usage', 'study', id, 'letters, digits, - and _ only')
  return path.join(directory, id)
}

export type OpenStudy = {
  readonly record: StudyRecord
  readonly folder: string
  /** By number, each once. */
  readonly trials: readonly Trial[]
  append(trial: Trial): void
  close(): void
}

/** A study that is there is never written over. */
export function createStudy(directory: string, record: StudyRecord): OpenStudy {
  const folder = folderOf(directory, record.id)
  if (existsSync(path.join(folder, 'study.json')))
    throw refuse('already_exists', 'study', record.id, 'another id, or --resume to go on with it')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, 'study.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(studySchema.parse(record), null, 2)}\n`, { flag: 'wx' })
  renameSync(`${file}.new`, file)
  return openStudy(directory, record.id)
}

/** For one process at a time. A last line that was cut off by a crash is taken away; its trial runs again. */
export function openStudy(directory: string, id: string): OpenStudy {
  const folder = folderOf(directory, id)
  const record = readStudy(directory, id)
  const release = lock(folder, id)
  const file = path.join(folder, 'trials.jsonl')
  if (existsSync(file)) {
    const text = readFileSync(file)
    const whole = text.lastIndexOf(10) + 1
    if (whole < text.length) truncateSync(file, whole)
  }
  return {
    record,
    folder,
    trials: readTrials(directory, id),
    append: (trial) => appendFileSync(file, `${JSON.stringify(trial)}\n`),
    close: release,
  }
}

export function readStudy(directory: string, id: string): StudyRecord {
  const file = path.join(folderOf(directory, id), 'study.json')
  if (!existsSync(file))
    throw refuse('not_found', 'study', id, `there are ${listStudies(directory).join(', ') || 'none'}`)
  return studySchema.parse(JSON.parse(readFileSync(file, 'utf8')))
}

export function readTrials(directory: string, id: string): Trial[] {
  const file = path.join(folderOf(directory, id), 'trials.jsonl')
  if (!existsSync(file)) return []
  const byNumber = new Map<number, Trial>()
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').slice(0, -1).entries()) {
    const parsed = trialSchema.safeParse(parse(line))
    if (!parsed.success)
      throw refuse('damaged', `trials.jsonl:${index + 1}`, line, 'remove the line: its trial runs again')
    if (!byNumber.has(parsed.data.number)) byNumber.set(parsed.data.number, parsed.data)
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

export const listStudies = (directory: string): string[] =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((id) => existsSync(path.join(directory, id, 'study.json')))
        .sort()
    : []

function lock(folder: string, id: string): () => void {
  const file = path.join(folder, 'lock')
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error
      const holder = Number(readFileSync(file, 'utf8'))
      if (isAlive(holder))
        throw refuse('conflict', 'study', id, `process ${holder} works on it; wait for it or stop it`)
      rmSync(file, { force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
