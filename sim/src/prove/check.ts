import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { checkStrategy } from '@contrail/research'
import type { CheckReport } from '@contrail/research'
import type { Entry } from './corpus/corpus.ts'
import { CHANCE } from './corpus/cheats/chance.ts'
import { CLOCK } from './corpus/cheats/clock.ts'
import { FUTURE } from './corpus/cheats/future.ts'
import { MEMORY } from './corpus/cheats/memory.ts'
import { OUTSIDE } from './corpus/cheats/outside.ts'
import { honestStrategies } from './corpus/honest/honest.ts'
import type { Honest } from './corpus/honest/honest.ts'

/**
 * `npm run prove:check`: `contrail check` on strategies that cheat in every way that came to mind, and on honest ones of many
 * styles. Every cheat must be caught, by whatever check; no honest one may be.
 */
export const CHEATS: readonly Entry[] = [...FUTURE, ...CLOCK, ...CHANCE, ...OUTSIDE, ...MEMORY]
/** An endless loop is only known by its time. */
const ENDLESS_MS = 20_000
const AT_ONCE = 2

export type CorpusResult = { caught: string[]; missed: string[]; cleared: string[]; alarms: string[] }

export async function proveCheck(options: {
  only?: string | undefined
  say?: (line: string) => void
}): Promise<CorpusResult> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-corpus-'))
  const result: CorpusResult = { caught: [], missed: [], cleared: [], alarms: [] }
  const chosen = (name: string) => options.only === undefined || name.includes(options.only)
  try {
    const cheats = CHEATS.filter(({ name }) => chosen(name))
    await inTurns(cheats, async (entry) => {
      const report = await checkStrategy(write(folder, entry), {
        types: false,
        ...(entry.name === 'endless-loop' && { budgetMs: ENDLESS_MS }),
      })
      ;(report.passed ? result.missed : result.caught).push(entry.name)
      options.say?.(`${report.passed ? 'MISSED' : 'caught'}  ${entry.name}: ${why(report)}`)
    })
    await inTurns(
      honestStrategies().filter(({ name }) => chosen(name)),
      async (entry) => {
        const file = entry.file ?? write(folder, entry as Entry)
        const report = await checkStrategy(file, {
          types: false,
          ...(entry.parameters && { parameters: entry.parameters }),
        })
        ;(report.passed ? result.cleared : result.alarms).push(entry.name)
        options.say?.(
          `${report.passed ? 'clear ' : 'ALARM '}  ${entry.name} (${report.decisions} decisions)${report.passed ? '' : `: ${why(report)}`}`,
        )
      },
    )
    return result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const why = ({ lines }: CheckReport): string =>
  lines
    .filter(({ status }) => status === 'failed')
    .map(({ check, detail }) => `${check} (${detail.slice(0, 90)})`)
    .join(', ')

function write(folder: string, { name, source, beside = {} }: Entry): string {
  const own = path.join(folder, name)
  mkdirSync(own, { recursive: true })
  for (const [file, text] of Object.entries(beside)) writeFileSync(path.join(own, file), text)
  const file = path.join(own, `${name}.ts`)
  writeFileSync(file, source)
  return file
}

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const one = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const { caught, missed, cleared, alarms } = await proveCheck({
    only: values.only,
    say: (line) => console.error(line),
  })
  const passed = missed.length === 0 && alarms.length === 0
  if (missed.length > 0) console.log(`missed: ${missed.join(', ')}`)
  if (alarms.length > 0) console.log(`false alarms: ${alarms.join(', ')}`)
  console.log(
    `prove:check ${passed ? 'passed' : 'FAILED'}: caught ${caught.length} of ${caught.length + missed.length}, ` +
      `false alarms ${alarms.length} of ${alarms.length + cleared.length}`,
  )
  process.exitCode = passed ? 0 : 1
}

export type { Honest }
if (import.meta.main) await main()
