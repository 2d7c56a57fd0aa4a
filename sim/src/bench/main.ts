import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { calibrate, calibrationLine } from './calibration.ts'
import type { Calibration } from './calibration.ts'
import { FIGURES } from './figures/index.ts'
import { judged, lineOf, tableOf } from './report.ts'
import type { JudgedRow } from './report.ts'
import { openWorld } from './world.ts'

/**
 * `npm run bench [-- --only latency,memory] [--quick] [--json FILE] [--profile DIR]`: the live path against a hand-written chain of bare
 * nats.js processes on the same server in the same run. Targets: design/nats.md, last table.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
})
const names = FIGURES.map(({ name }) => name)
const wanted = values.only?.split(',') ?? names
const unknown = wanted.find((name) => !names.includes(name))
if (unknown !== undefined) usage(`there is no figure "${unknown}"; there are ${names.join(', ')}`)

const world = await openWorld({
  natsUrl: need('CONTRAIL_NATS_URL'),
  postgresUrl: need('CONTRAIL_POSTGRES_URL'),
  quick: values.quick,
  engineFlags: values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [],
  say: (line) => console.log(`    ${line}`),
})
const rows: JudgedRow[] = []
const calibrations: Record<string, Calibration> = {}
const failed: Record<string, string> = {}
for (const figure of FIGURES.filter(({ name }) => wanted.includes(name))) {
  const now = (calibrations[figure.name] = await calibrate(world))
  console.log(`\n${figure.name}: ${figure.title}\n    ${calibrationLine(now)}`)
  try {
    await figure.run(world, (row) => {
      rows.push(judged(row))
      console.log(lineOf(judged(row)))
    })
  } catch (error) {
    failed[figure.name] = error instanceof Error ? error.message : String(error)
    console.log(`    ${figure.name} could not be measured: ${failed[figure.name]}`)
  }
}
await world.close()

const counted = rows.filter(({ verdict }) => verdict !== 'no target')
const met = counted.filter(({ verdict }) => verdict === 'met')
console.log(
  `\n${tableOf(rows)}\n\n${met.length} of ${counted.length} targets met${values.quick ? ' (a quick run)' : ''}`,
)
for (const [name, why] of Object.entries(failed)) console.log(`not measured: ${name}: ${why}`)
const result = { quick: values.quick, met: met.length, targets: counted.length, calibrations, rows, failed }
if (values.json) writeFileSync(values.json, JSON.stringify(result, null, 2))
else console.log(JSON.stringify(result))
// A target that is missed is a result; a figure that could not be measured is not.
process.exit(Object.keys(failed).length > 0 ? 1 : 0)

function need(name: string): string {
  const value = process.env[name]
  return value ? value : usage(`${name} is not set: run it as \`npm run bench\``)
}

function usage(why: string): never {
  console.error(`bench: ${why}`)
  process.exit(2)
}
