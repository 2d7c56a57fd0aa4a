import { spawn } from 'node:child_process'
import path from 'node:path'
import { Refusal, refuse } from '@contrail/contracts'
import { connection, root } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'

const VERBS = ['verify', 'import'] as const
const option = (description: string) => ({ type: 'string', description }) as const

/** The files are read by ingest's own program, in a process of its own. */
export default command(
  'data',
  'Market data files: contrail data verify FILE, contrail data import FILE',
  {
    verb: { type: 'positional', description: VERBS.join(' or '), required: true },
    file: { type: 'positional', description: 'Path; gz is read as it is', required: true },
    format: option('csv, freqtrade, binance-trades, ...; found by the content when left out'),
    instrument: option('BASE-QUOTE, when the file does not name it'),
    venue: option('Under which venue it is kept'),
    'time-unit': option('s, ms or us, when it is not the usual one of the format'),
    timeframe: option('Of candles'),
    'volume-in': option('base or quote'),
    'tick-size': option('Price step; the finest seen'),
    'lot-size': option('Quantity step; the finest seen'),
  },
  async (args) => {
    const verb = VERBS.find((one) => one === args.verb)
    if (!verb) throw refuse('usage', 'verb', args.verb, `one of ${VERBS.join(', ')}`)
    const names = [
      'format',
      'instrument',
      'venue',
      'time-unit',
      'timeframe',
      'volume-in',
      'tick-size',
      'lot-size',
    ] as const
    const flags = names.flatMap((name) => (args[name] === undefined ? [] : [`--${name}`, args[name]]))
    const env = verb === 'import' ? { CONTRAIL_MARKET_DB_URL: connection('marketDbUrl') } : {}
    const result = await run([verb, path.resolve(args.file), ...flags], env)
    if (args.json) return printJson(result)
    tell(result as Record<string, unknown>)
  },
)

async function run(args: string[], env: Record<string, string>): Promise<unknown> {
  const program = path.join(root, 'apps/ingest/src/data.ts')
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, problems] = ['', '']
  child.stdout.on('data', (part: Buffer) => (out += part.toString()))
  child.stderr.on('data', (part: Buffer) => (problems += part.toString()))
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)))
  if (code === 0) return JSON.parse(out)
  if (code !== 2) throw new Error(problems.trim().split('\n').at(-1))
  const {
    code: refusal,
    field,
    value,
    mend,
  } = JSON.parse(problems) as Record<'code' | 'field' | 'value' | 'mend', string>
  throw new Refusal(refusal, field, { toString: () => value }, mend)
}

function tell(result: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(result)) {
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    process.stdout.write(`${name.padEnd(16)} ${shown}\n`)
  }
}
