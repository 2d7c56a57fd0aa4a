import { spawn } from 'node:child_process'
import { createReadStream, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync, closeSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { importToStore, openStore, readMarketFile, texts } from '@contrail/data'
import { INSTRUMENT, syntheticCandles } from './backtest-world.ts'
import { median } from './stats.ts'

/*
 * How fast market data comes from columns and from CSV, beside the CSV readers of performance.md. Each case is a process
 * of its own; peers and ours take turns, so that a slow minute of the machine falls on all of them.
 * `node sim/src/bench/backtest-data.ts [rows in millions]` prints the figures by themselves.
 */
export type DataFigure = {
  readonly name: string
  readonly rows: number
  readonly ms: number
  readonly bestMs: number
  /** Of all threads: what a busy machine does not stretch. */
  readonly cpuMs: number
  readonly rowsPerSecond: number
  readonly peakMb: number
}
export type DataOptions = {
  /** Of the store; 10 million. */
  rows?: number
  /** Of the CSV file that every reader reads; 1 million. */
  csvRows?: number
  repetitions?: number
}
type Case = {
  readonly name: string
  readonly csv: boolean
  /** The development package that it needs. */
  readonly needs?: string
  run(folder: string): Promise<number>
}

const QUERY = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1m' } as const
const small = (folder: string): string => path.join(folder, 'small.csv')
const large = (folder: string): string => path.join(folder, 'large.csv')
const store = (folder: string) => openStore(path.join(folder, 'store'))
const as = { instrument: 'BTC-USDT', venue: 'sim' }

/** Each returns the rows it has read. */
const CASES: readonly Case[] = [
  { name: 'columns, all', csv: false, run: async (folder) => (await store(folder).read(QUERY)).rows },
  {
    name: 'columns, time and close',
    csv: false,
    run: async (folder) => (await store(folder).readColumns(QUERY, ['close'])).rows,
  },
  {
    name: 'CSV to columns in memory',
    csv: true,
    run: async (folder) => (await readMarketFile(small(folder), as)).judgement.accepted,
  },
  { name: 'uDSV typedCols', csv: true, needs: 'udsv', run: udsv },
  { name: 'papaparse dynamicTyping', csv: true, needs: 'papaparse', run: papaparse },
  { name: 'csv-parse cast', csv: true, needs: 'csv-parse', run: csvParse },
]
/** By itself, in a heap of 512 MB. */
const MEMORY: Case = {
  name: 'CSV into the store, heap 512 MB',
  csv: true,
  run: async (folder) => {
    const target = openStore(path.join(folder, 'imported'))
    return (await importToStore(target, large(folder), as)).written.added
  },
}

export async function measureData(options: DataOptions = {}): Promise<DataFigure[]> {
  const { rows = 10_000_000, csvRows = 1_000_000, repetitions = 3 } = options
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-bench-data-'))
  try {
    await prepare(folder, rows, csvRows)
    const cases = CASES.filter(({ needs }) => needs === undefined || isInstalled(needs))
    const measured = new Map<string, Measured[]>()
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (const { name } of cases) measured.set(name, [...(measured.get(name) ?? []), await inChild(name, folder, [])])
    const figures = cases.map(({ name }) => figureOf(name, measured.get(name)!))
    return [...figures, figureOf(MEMORY.name, [await inChild(MEMORY.name, folder, ['--max-old-space-size=512'])])]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isInstalled(name: string): boolean {
  try {
    return createRequire(import.meta.url).resolve(name) !== ''
  } catch {
    return false
  }
}

/** Lines for a person, with the ratios that performance.md asks for (goal 10). */
export function dataLines(figures: readonly DataFigure[]): string[] {
  const of = (name: string) => figures.find((figure) => figure.name === name)?.rowsPerSecond ?? Number.NaN
  const [columns, csv] = [of('columns, all'), of('CSV to columns in memory')]
  const ratio = (name: string, goal: number, against: number) => `${(against / of(name)).toFixed(1)}x (goal ${goal}x)`
  return [
    ...figures.map(
      ({ name, rows, ms, cpuMs, rowsPerSecond, peakMb }) =>
        `${name.padEnd(34)} ${(rowsPerSecond / 1e6).toFixed(2).padStart(7)} M rows/s  ${ms.toFixed(0).padStart(6)} ms  cpu ${cpuMs.toFixed(0).padStart(6)} ms  ` +
        `${String(rows).padStart(9)} rows  peak ${peakMb.toFixed(0)} MB`,
    ),
    `columns: ${ratio('uDSV typedCols', 20, columns)} uDSV, ${ratio('papaparse dynamicTyping', 50, columns)} papaparse, ` +
      `${ratio('csv-parse cast', 80, columns)} csv-parse`,
    `CSV: ${ratio('uDSV typedCols', 3, csv)} uDSV`,
    'DuckDB over Parquet: not run (a native package of 60 MB)',
  ]
}

type Measured = { readonly rows: number; readonly ms: number; readonly cpuMs: number; readonly peakMb: number }

function figureOf(name: string, all: readonly Measured[]): DataFigure {
  const ms = median(all.map((each) => each.ms))
  const cpuMs = median(all.map((each) => each.cpuMs))
  const rows = all[0]!.rows
  if (all.some((each) => each.rows !== rows))
    throw new Error(`${name} read ${all.map((each) => each.rows).join(', ')} rows`)
  return {
    name,
    rows,
    ms,
    bestMs: Math.min(...all.map((each) => each.ms)),
    cpuMs,
    rowsPerSecond: (rows / ms) * 1000,
    peakMb: Math.max(...all.map((each) => each.peakMb)),
  }
}

async function prepare(folder: string, rows: number, csvRows: number): Promise<void> {
  const series = syntheticCandles(rows)
  await store(folder).write(series, INSTRUMENT, 'bench')
  for (const [file, of] of [
    [small(folder), syntheticCandles(csvRows)],
    [large(folder), series],
  ] as const) {
    const fd = openSync(file, 'w')
    for (const text of texts(of, 'csv')) writeSync(fd, text)
    closeSync(fd)
  }
}

async function inChild(name: string, folder: string, flags: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, [...flags, import.meta.filename, 'case', name, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${name} ended with ${code}`)
  return JSON.parse(said) as Measured
}

async function runCase(name: string, folder: string): Promise<void> {
  const found = [...CASES, MEMORY].find((each) => each.name === name)
  if (!found) throw new Error(`no case ${name}`)
  // The file lies in the page cache for everyone alike.
  if (found.csv) statSync(small(folder))
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  const rows = await found.run(folder)
  const ms = performance.now() - startMs
  const { user, system } = process.cpuUsage(startCpu)
  const cpuMs = (user + system) / 1000
  process.stdout.write(JSON.stringify({ rows, ms, cpuMs, peakMb: process.resourceUsage().maxRSS / 1000 }))
}

async function udsv(folder: string): Promise<number> {
  const { inferSchema, initParser } = await import('udsv')
  const text = readFileSync(small(folder), 'utf8')
  const columns = initParser(inferSchema(text)).typedCols(text) as readonly (readonly number[])[]
  // An import ends in typed columns.
  return columns.map((column) => Float64Array.from(column))[0]!.length
}

async function papaparse(folder: string): Promise<number> {
  type Papa = { parse(text: string, options: object): { data: readonly unknown[] } }
  const papa = createRequire(import.meta.url)('papaparse') as Papa
  const text = readFileSync(small(folder), 'utf8')
  return papa.parse(text, { header: false, dynamicTyping: true, skipEmptyLines: true }).data.length - 1
}

async function csvParse(folder: string): Promise<number> {
  const { parse } = await import('csv-parse')
  let rows = -1
  const parser = createReadStream(small(folder)).pipe(parse({ cast: (value) => Number(value) }))
  for await (const record of parser) if (record) rows++
  return rows
}

if (process.argv[1] === import.meta.filename) {
  const [, , first, name, folder] = process.argv
  if (first === 'case') await runCase(name!, folder!)
  else {
    const rows = Number(first ?? 10) * 1_000_000
    for (const line of dataLines(await measureData({ rows, csvRows: Math.min(rows, 1_000_000) }))) console.log(line)
  }
}
