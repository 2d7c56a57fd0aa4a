import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '@contrail/runtime/clock'

/*
 * What was made of source files and may be used again as long as they are as they were: same name, size, inode and times of
 * change. So it is for every package.json and tsconfig.json above them, which say how they are read, and for the names beside
 * them, by which an import could find another file. What changed while it was being made is not kept.
 */
const SCHEMA = 1
/** The clock of a file system may be this much behind ours, ms. */
const COARSE_MS = 50

type Kept<T> = {
  readonly schema: number
  readonly inputs: readonly string[]
  readonly state: string
  readonly value: T
}

/** Of a value that stands for files: whether they are what they were. */
type IsWhole<T> = (value: T) => boolean

export async function made<T>(
  folder: string,
  name: readonly string[],
  make: () => Promise<{ readonly value: T; readonly inputs: readonly string[] }>,
  isWhole?: IsWhole<T>,
  nowMs = systemClock.nowUs() / 1000,
): Promise<T> {
  const kept = madeBefore(folder, name, isWhole)
  if (kept !== undefined) return kept
  const { value, inputs } = await make()
  const state = stateOf(inputs)
  if (state.changedMs < nowMs - COARSE_MS) {
    const text = JSON.stringify({ schema: SCHEMA, inputs, state: state.text, value } satisfies Kept<T>)
    keep(folder, fileOf(name), text)
  }
  return value
}

/** The same without making it. */
export function madeBefore<T>(folder: string, name: readonly string[], isWhole?: IsWhole<T>): T | undefined {
  const kept = readKept<T>(path.join(folder, fileOf(name)))
  if (kept?.schema !== SCHEMA || stateOf(kept.inputs).text !== kept.state) return undefined
  return isWhole?.(kept.value) === false ? undefined : kept.value
}

function fileOf(name: readonly string[]): string {
  const text = JSON.stringify([SCHEMA, process.version, ...name])
  return `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.json`
}

/** `sums`: the SHA-256 of each file by its name. */
export const areWhole = (folder: string, sums: Readonly<Record<string, string>>): boolean =>
  Object.entries(sums).every(([name, sum]) => {
    const file = path.join(folder, name)
    return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === sum
  })

function readKept<T>(file: string): Kept<T> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept<T>
  } catch {
    return undefined // Not there, or half of it: it is made again.
  }
}

/** Whole or not at all, whoever else writes the same. */
export function keep(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, name)
  const part = `${file}.${randomBytes(6).toString('hex')}.part`
  writeFileSync(part, text, { mode: 0o600 })
  renameSync(part, file)
  return file
}

const SETTINGS = ['package.json', 'tsconfig.json']

function stateOf(inputs: readonly string[]): { readonly text: string; readonly changedMs: number } {
  const hash = createHash('sha256')
  let changedMs = 0
  const look = (file: string): void => {
    const found = statSync(file, { throwIfNoEntry: false })
    if (!found) return void hash.update(`${file} none\n`)
    changedMs = Math.max(changedMs, found.mtimeMs, found.ctimeMs)
    hash.update(`${file} ${found.size} ${found.ino} ${found.mtimeMs} ${found.ctimeMs}\n`)
  }
  const folders = new Set<string>()
  for (const file of inputs) {
    look(file)
    for (let above = path.dirname(file); !folders.has(above); above = path.dirname(above)) folders.add(above)
  }
  for (const folder of folders) for (const name of SETTINGS) look(path.join(folder, name))
  const own = new Set(inputs.filter((file) => !file.includes('node_modules')).map((file) => path.dirname(file)))
  for (const folder of own) hash.update(`${folder} ${namesIn(folder)}\n`)
  return { text: hash.digest('hex'), changedMs }
}

function namesIn(folder: string): string {
  try {
    return readdirSync(folder).toSorted().join('/')
  } catch {
    return 'none'
  }
}
