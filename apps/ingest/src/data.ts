import { parseArgs } from 'node:util'
import { check, Refusal, refuse, timeframeField } from '@contrail/contracts'
import { TIME_UNITS, verifyFile } from '@contrail/data'
import { z } from 'zod'
import { importFile } from './files/import.ts'

/*
 * `node apps/ingest/src/data.ts verify|import FILE [--format F] [--instrument I] [--venue V] [--time-unit U] ...`
 * One JSON object on stdout; a refusal is JSON on stderr and exit code 2. Behind `contrail data`, which may not import us.
 */
const optionsSchema = z.strictObject({
  file: z.string().min(1),
  format: z.string().optional(),
  instrument: z.string().optional(),
  venue: z.string().optional(),
  timeUnit: z.enum(TIME_UNITS).optional(),
  timeframe: timeframeField.optional(),
  volumeIn: z.enum(['base', 'quote']).optional(),
  tickSize: z.string().optional(),
  lotSize: z.string().optional(),
})
const FLAGS = ['format', 'instrument', 'venue', 'time-unit', 'timeframe', 'volume-in', 'tick-size', 'lot-size'] as const

async function run(): Promise<unknown> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(FLAGS.map((flag) => [flag, { type: 'string' as const }])),
  })
  const [verb, file] = positionals
  const named = Object.entries(values).map(([flag, value]) => [
    flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ])
  const options = check(optionsSchema, { file, ...(Object.fromEntries(named) as object) }, 'options')
  if (verb === 'verify') return await verifyFile(options)
  if (verb !== 'import') throw refuse('unknown_verb', 'verb', verb, 'use "verify" or "import"')
  const marketDbUrl = process.env['CONTRAIL_MARKET_DB_URL'] // tidy-ok: the entry of this process
  if (!marketDbUrl) throw refuse('missing', 'CONTRAIL_MARKET_DB_URL', 'nothing', 'set it to the MARKET database')
  return await importFile({ ...options, marketDbUrl })
}

try {
  process.stdout.write(`${JSON.stringify(await run())}\n`)
} catch (error) {
  if (!(error instanceof Refusal) && !(error instanceof TypeError && 'code' in error)) throw error
  const { message, code, field, value, mend } = error as Refusal
  process.stderr.write(`${JSON.stringify({ code, field, value, mend, message })}\n`)
  process.exitCode = 2
}
