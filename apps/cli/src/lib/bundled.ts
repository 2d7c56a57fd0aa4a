import { readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { areWhole, keep, made, madeBefore } from '@contrail/research/made'
import { systemClock } from '@contrail/runtime/clock'
import { home } from './place.ts'

/*
 * A command in a few files, kept as what is made of a strategy is: used as long as all sources of it are as they were, so an
 * edit is always seen. Its two hundred modules take longer to load than the run that it is asked for. They are put together
 * when a command that had to load them has ended.
 */
type KeptFiles = { readonly entry: string; readonly sums: Readonly<Record<string, string>> }

export async function bundled(command: string, makesIt: boolean): Promise<unknown> {
  const cache = path.join(home(), 'cache', 'commands')
  const name = ['command', command, import.meta.filename]
  const isWhole = ({ sums }: KeptFiles): boolean => areWhole(cache, sums)
  const kept = madeBefore(cache, name, isWhole)
  if (kept) return await import(pathToFileURL(path.join(cache, kept.entry)).href)
  const make = async (): Promise<void> => {
    await made(cache, name, () => filesOf(command, cache), isWhole)
  }
  const tell = (error: unknown): void =>
    void process.stderr.write(`contrail ${command} is not kept: ${String(error)}\n`)
  if (makesIt) process.once('beforeExit', () => void make().catch(tell))
  return undefined
}

async function filesOf(command: string, cache: string): Promise<{ value: KeptFiles; inputs: readonly string[] }> {
  const { bundleFiles, sha256Of } = await import('@contrail/runtime/bundle')
  const { entry, files, inputs } = await bundleFiles(path.join(import.meta.dirname, `../commands/${command}.ts`))
  for (const { name, text } of files) keep(cache, name, text)
  forgetOld(cache, new Set(files.map(({ name }) => name)))
  return { value: { entry, sums: Object.fromEntries(files.map(({ name, text }) => [name, sha256Of(text)])) }, inputs }
}

/** A run that goes on with older sources may still load a part of them. */
const KEPT_MS = 24 * 3_600_000

function forgetOld(cache: string, now: ReadonlySet<string>): void {
  const endMs = systemClock.nowUs() / 1000 - KEPT_MS
  for (const name of readdirSync(cache)) {
    const file = path.join(cache, name)
    if (!now.has(name) && (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < endMs)
      rmSync(file, { force: true })
  }
}
