import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, writeSync, writev } from 'node:fs'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import type { RobustnessSection } from '../report/sections.ts'
import type { ReportData } from '../report/data.ts'
import { ByteText } from './byte-text.ts'
import { writeEquity, writeTrades } from './files.ts'
import { into } from './outcome.ts'
import { RUN_SCHEMA } from './types.ts'
import type { RunRecord, RunResult } from './types.ts'

/*
 * A run is a folder <runs>/<id>/: run.json, trades.csv, orders.csv, fills.csv, equity.csv, equity.f64, decisions.jsonl, chart.json
 * and report.html. It is written beside its place and renamed into it: what is there is whole and is never changed again. Studies
 * that are made later of a run are kept beside it in <runs>/<id>.sections.json.
 *
 * equity.csv lists at most 20,000 points; equity.f64 is the whole curve: three columns of little-endian doubles, one after the
 * other: time in microseconds, equity, exposure. A third of its bytes / 8 is the count of points.
 */

/** `20260131T235959-1a2b3c4d`: sorts by time, differs by content. */
export function runId(createdAtMs: number, content: string): string {
  const time = new Date(createdAtMs).toISOString().slice(0, 19).replace(/[-:]/g, '')
  return `${time}-${createHash('sha256').update(`${content} ${createdAtMs}`).digest('hex').slice(0, 8)}`
}
const ID = /^\d{8}T\d{6}-[0-9a-f]{8}$/

export type RunFiles = {
  readonly record: RunRecord
  readonly chart: ReportData
  readonly sections: readonly RobustnessSection[]
  readonly html: string | undefined
}

const MODE = 0o444
const put = (part: string, name: string, text: string | Uint8Array): Promise<void> =>
  writeFile(path.join(part, name), text, { mode: MODE })

/** What is known as soon as the run is over. */
export async function putCurves(part: string, { trades, equity }: RunResult, cash: number): Promise<void> {
  mkdirSync(part, { recursive: true })
  const whole = [equity.timeUs, equity.value, equity.exposure].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  )
  const curve = writeBeside(path.join(part, 'equity.f64'), whole)
  into(part, 'trades.csv', (take) => writeTrades(trades, new ByteText(take)))
  into(part, 'equity.csv', (take) => writeEquity(equity, cash, new ByteText(take)))
  await curve
}

/** In one go, which another thread begins at once: this one is not back for its next step before all else is judged. */
function writeBeside(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const fd = openSync(file, 'wx', MODE)
  return new Promise((resolve, reject) => {
    writev(fd, parts, (error, written) => {
      try {
        if (error) throw error
        // What did not go in, on a full disk or of more than two gigabytes, says why or goes in now.
        let done = 0
        for (const bytes of parts) {
          for (let from = Math.max(0, written - done); from < bytes.length;) from += writeSync(fd, bytes, from)
          done += bytes.length
        }
        resolve()
      } catch (cause) {
        reject(cause as Error)
      } finally {
        closeSync(fd)
      }
    })
  })
}

/** The rest, and its name: from then on it is there, and is never changed again. */
export async function finishRun(directory: string, part: string, files: RunFiles): Promise<string> {
  const { record, chart, sections, html } = files
  const folder = path.join(directory, record.id)
  await put(part, 'chart.json', JSON.stringify(chart))
  await put(part, 'sections.json', JSON.stringify(sections))
  if (html !== undefined) await put(part, 'report.html', html)
  // Last: a folder with a run.json is complete.
  await put(part, 'run.json', `${JSON.stringify(record, null, 2)}\n`)
  await rename(part, folder)
  return folder
}

/** Newest first. */
export async function listRuns(directory: string): Promise<RunRecord[]> {
  const names = existsSync(directory) ? await readdir(directory) : []
  const ids = names.filter((name) => ID.test(name) && existsSync(path.join(directory, name, 'run.json')))
  const records = await Promise.all(ids.map((id) => readRecord(path.join(directory, id))))
  return records.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}

/** By id, the beginning of an id, `last`, or the path of its folder. */
export async function findRun(directory: string, run: string): Promise<string> {
  if (existsSync(path.join(run, 'run.json'))) return path.resolve(run)
  const names = existsSync(directory) ? await readdir(directory) : []
  const ids = names.filter((name) => ID.test(name)).toSorted()
  const found =
    run === 'last' ? await newestOf(directory, ids) : ids.filter((id) => id.startsWith(run) || id.endsWith(`-${run}`))
  if (found.length === 1) return path.join(directory, found[0] as string)
  if (found.length > 1) throw refuse('ambiguous', 'run', run, `one of ${found.slice(-5).join(', ')}`)
  const latest = ids.at(-1)
  throw refuse(
    'not_found',
    'run',
    run,
    latest ? `the last one is ${latest}; see contrail runs list` : 'there is none yet',
  )
}

/** An id says the second; runs of the same second say in their record which came last. */
async function newestOf(directory: string, ids: readonly string[]): Promise<string[]> {
  const [second] = ids.at(-1)?.split('-') ?? []
  const last = ids.filter((id) => id.startsWith(`${second}-`))
  if (last.length < 2) return last
  const records = await Promise.all(last.map((id) => readRecord(path.join(directory, id))))
  return [records.reduce((a, b) => (a.createdAt > b.createdAt ? a : b)).id]
}

async function readRecord(folder: string): Promise<RunRecord> {
  const record = JSON.parse(await readFile(path.join(folder, 'run.json'), 'utf8')) as RunRecord
  const schema: string = record.schema
  if (schema !== RUN_SCHEMA) throw refuse('unknown_schema', 'run.json', schema, 'this version reads contrail.run/1')
  return record
}

export const readRun = async (directory: string, run: string): Promise<{ record: RunRecord; folder: string }> => {
  const folder = await findRun(directory, run)
  return { record: await readRecord(folder), folder }
}

const laterFile = (folder: string): string => `${folder}.sections.json`

/** The sections that came with the run, replaced kind by kind by those that were made later. */
export async function readSections(folder: string): Promise<RobustnessSection[]> {
  const [own, later] = await Promise.all(
    [path.join(folder, 'sections.json'), laterFile(folder)].map(async (file) =>
      existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as RobustnessSection[]) : [],
    ),
  )
  return joinSections(own ?? [], later ?? [])
}
const joinSections = (own: readonly RobustnessSection[], later: readonly RobustnessSection[]): RobustnessSection[] => [
  ...own.filter(({ kind }) => !later.some((one) => one.kind === kind)),
  ...later,
]

/** Keeps studies of a run that were made after it. The run itself stays as it is. */
export async function attachSections(folder: string, sections: readonly RobustnessSection[]): Promise<void> {
  const file = laterFile(folder)
  const before = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as RobustnessSection[]) : []
  await writeFile(`${file}.part`, JSON.stringify(joinSections(before, sections)))
  await rename(`${file}.part`, file)
}

export async function readChart(folder: string): Promise<ReportData> {
  return JSON.parse(await readFile(path.join(folder, 'chart.json'), 'utf8')) as ReportData
}
