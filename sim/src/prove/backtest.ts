import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Checks, sharedPath } from './backtest-sets.ts'
import type { ProofSet } from './backtest-sets.ts'

/** `npm run prove:backtest [set]`: each reference set against what this platform computes. */
const DIFFERENCES_SHOWN_MAX = 10
const wanted = process.argv[2]
const folder = import.meta.dirname
const files = readdirSync(folder).filter(
  (file) => /^backtest-.+\.ts$/.test(file) && !/-sets\.ts$|\.test\.ts$/.test(file),
)
const summary: Record<string, string> = {}
let failed = false

for (const file of files.toSorted()) {
  const module = (await import(pathToFileURL(path.join(folder, file)).href)) as { sets?: readonly ProofSet[] }
  for (const set of module.sets ?? []) if (wanted === undefined || set.name === wanted) await prove(set)
}
console.log(JSON.stringify({ prove: 'backtest', ok: !failed, sets: summary }))
if (failed || Object.keys(summary).length === 0) process.exitCode = 1

async function prove(set: ProofSet): Promise<void> {
  const absent = (set.wants ?? []).filter((name) => !existsSync(sharedPath(name)))
  if (absent.length > 0) {
    summary[set.name] = 'not run'
    console.log(`${set.name}: not run, ${absent.join(', ')} is absent`)
    return
  }
  const checks = new Checks()
  await set.run(checks)
  summary[set.name] = `${checks.equal} of ${checks.of}`
  if (checks.equal < checks.of || checks.of === 0) failed = true
  console.log(`${set.name}: ${checks.equal} of ${checks.of} equal`)
  for (const note of checks.notes) console.log(`  ${note}`)
  for (const line of checks.differs.slice(0, DIFFERENCES_SHOWN_MAX)) console.log(`  differs: ${line}`)
}
