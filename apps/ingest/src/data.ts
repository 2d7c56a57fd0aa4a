import { parseArgs } from 'node:util'
import { check, instrumentField, Refusal, refuse, timeframeField } from '@contrail/contracts'
import { openStore, TIME_UNITS } from '@contrail/data'
import { openDatabase } from '@contrail/db'
import { systemClock } from '@contrail/runtime'
import { z } from 'zod'
import { copyToStore } from './archive/columns.ts'
import { downloadMarket } from './download/download.ts'
import { loadHistoryClient } from './download/exchange.ts'
import { importFile } from './files/import.ts'

/*
 * `node apps/ingest/src/data.ts import FILE [--format F] [--instrument I] ...` into the MARKET database
 * `node apps/ingest/src/data.ts download EXCHANGE --instrument I --from-us T [--to-us T] [--kind ticks]` into the store
 * `node apps/ingest/src/data.ts archive` copies what was recorded into the store
 * Lines of JSON on stdout: {"progress": {...}} and last {"result": ...}; a refusal is JSON on stderr and exit code 2.
 * Behind `contrail data`, which may neither import us nor load ccxt.
 */
const fileSchema = z.strictObject({
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
const downloadSchema = z.strictObject({
  file: z.string(),
  instrument: instrumentField,
  kind: z.enum(['candles', 'ticks']).default('candles'),
  timeframe: timeframeField.optional(),
  fromUs: z.coerce.number().int().positive(),
  toUs: z.coerce.number().int().positive().optional(),
})
const FLAGS = [
  'format',
  'instrument',
  'venue',
  'time-unit',
  'timeframe',
  'volume-in',
  'tick-size',
  'lot-size',
  'kind',
  'from-us',
  'to-us',
] as const

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

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
  const given = { file, ...(Object.fromEntries(named) as object) }
  if (verb === 'import') {
    const options = check(fileSchema, given, 'options')
    const marketDbUrl = environment('CONTRAIL_MARKET_DB_URL', 'the MARKET database')
    return await importFile({ ...options, marketDbUrl, onProgress: (rows) => say({ progress: { rows } }) })
  }
  if (verb === 'archive') return await archive()
  if (verb !== 'download') throw refuse('unknown_verb', 'verb', verb, 'use "import", "download" or "archive"')
  const { file: exchange, toUs = systemClock.nowUs(), ...options } = check(downloadSchema, given, 'options')
  return await downloadMarket({
    ...options,
    toUs,
    exchange,
    client: await loadHistoryClient(exchange),
    store: store(),
    clock: systemClock,
    onProgress: (rows, part) => say({ progress: { rows, part } }),
  })
}

async function archive(): Promise<unknown> {
  const database = openDatabase(environment('CONTRAIL_MARKET_DB_URL', 'the MARKET database'), {
    max: 1,
    name: 'contrail-archive',
  })
  try {
    return await copyToStore(database.sql, store(), systemClock.nowUs())
  } finally {
    await database.close()
  }
}

const store = () => openStore(environment('CONTRAIL_DATA_DIR', 'the folder of the data store'))

function environment(name: string, what: string): string {
  const value = process.env[name] // tidy-ok: the entry of this process
  if (!value) throw refuse('missing', name, 'nothing', `set it to ${what}`)
  return value
}

try {
  say({ result: await run() })
} catch (error) {
  if (!(error instanceof Refusal) && !(error instanceof TypeError && 'code' in error)) throw error
  const { message, code, field, value, mend } = error as Refusal
  process.stderr.write(`${JSON.stringify({ code, field, value, mend, message })}\n`)
  process.exitCode = 2
}
