import { refuse } from '@contrail/contracts'
import { printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { archive, download, exportRows, importFiles, listSeries, repair, verify } from '../lib/data-verbs.ts'
import type { Verb } from '../lib/data-verbs.ts'

const VERBS: Readonly<Record<string, Verb>> = {
  import: importFiles,
  list: listSeries,
  verify,
  repair,
  export: exportRows,
  download,
  archive,
}
const names = Object.keys(VERBS).join(', ')
const option = (description: string) => ({ type: 'string', description }) as const

export default command(
  'data',
  'Market data: contrail data import FILE, list, verify [FILE], repair --source FILE, export FILE, download EXCHANGE, archive',
  {
    verb: { type: 'positional', description: names, required: true },
    file: { type: 'positional', description: 'Files to read or write, or the exchange', required: false },
    format: option('csv, json, jsonl, parquet, arrow, lean, binance-trades, ...; found by the content when left out'),
    instrument: option('BASE-QUOTE, when the file does not name it'),
    venue: option('Under which venue it is kept'),
    kind: option('candles, ticks, quotes, book or funding'),
    timeframe: option('Of candles'),
    from: option('Since this UTC time, e.g. 2024-05-01'),
    to: option('Until before this UTC time; for import: store (default) or timescale'),
    'time-unit': option('s, ms, us or ns, when it is not the usual one of the format'),
    'volume-in': option('base or quote'),
    'tick-size': { ...option('Price step; the finest seen'), alias: 'tick' },
    'lot-size': { ...option('Quantity step; the finest seen'), alias: 'lot' },
    source: option('Of repair: a file, the folder of another store, or exchange:NAME'),
    replace: {
      type: 'boolean',
      description: 'Rows that differ take the place of the stored ones, which are kept aside',
    },
  },
  async (args) => {
    const verb = VERBS[args.verb]
    if (!verb) throw refuse('usage', 'verb', args.verb, `one of ${names}`)
    const result = await verb(args._.slice(1), args)
    if (args.json) return printJson(result)
    tell(result as Record<string, unknown>)
  },
)

function tell(result: Record<string, unknown>): void {
  const { items, ...rest } = result
  for (const [name, value] of Object.entries(rest)) {
    const shown = shownOf(value)
    if (shown !== undefined) process.stdout.write(`${name.padEnd(16)} ${shown}\n`)
  }
  if (Array.isArray(items))
    printTable((items as Record<string, unknown>[]).map(flat), 'nothing there; contrail data import FILE')
}

/** Lists are counted: `--json` has them whole. */
function shownOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const counted = JSON.stringify(value, (_, inner: unknown) => (Array.isArray(inner) ? inner.length : inner))
  return (
    counted
      ?.replaceAll(/[{}"]/g, '')
      .replaceAll(/([:,])/g, '$1 ')
      .trim() || counted
  )
}

/** A row of a table: what is no text or number is shown as its count or as JSON. */
const flat = (row: Record<string, unknown>): Record<string, string | number | null> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'string' || typeof value === 'number') return [name, value]
      if (name === 'gaps') return [name, (value as { missing: number }).missing]
      return [name, Array.isArray(value) ? value.length : null]
    }),
  )
