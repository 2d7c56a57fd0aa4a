import { defineCommand, runCommand, runMain } from 'citty'
import type { CommandDef } from 'citty'
import { ALIASES } from './lib/aliases.ts'
import { closest } from './lib/closest.ts'

type Loader = () => Promise<CommandDef>
const load =
  (name: string): Loader =>
  async () =>
    ((await loadBundled(name)) ?? ((await import(`./commands/${name}.ts`)) as { default: CommandDef })).default

/** Commands that are asked for again and again, and whose answer takes less long than their modules. */
const BUNDLED = ['backtest']

async function loadBundled(name: string): Promise<{ default: CommandDef } | undefined> {
  if (!BUNDLED.includes(name)) return undefined
  const { bundled } = await import('./lib/bundled.ts')
  return (await bundled(name, !asksHelp)) as { default: CommandDef } | undefined
}

/** Loaded only when asked for: `--help` imports none of them. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  up: 'Start the platform here (as npm start)',
  status: 'What runs, and how it is',
  logs: 'Read the logs of the services',
  open: 'An address that signs a browser in',
  doctor: 'Look for what is wrong and say the mend',
  alerts: 'What a person should see, newest first',
  letters: 'List dead letters, put one back or lay it aside',
  new: 'Make a strategy from a template',
  check: 'Prove that a strategy looks at its inputs alone, and comes out the same each time',
  dev: 'Watch a strategy file and swap each save into the running strategy',
  strategies: 'List the strategies',
  backtest: 'Run a strategy over recorded data',
  runs: 'List, show, compare and open backtest runs',
  report: 'Make the report of a run again',
  start: 'Start a strategy, or deploy a file',
  pause: 'Keep a strategy listening, stop its orders',
  stop: 'Stop a strategy',
  resume: 'Resume a paused strategy, or trading after a halt',
  halt: 'Kill switch: stop trading in a scope',
  orders: 'List orders',
  order: 'Place or cancel an order by hand',
  trades: 'List fills',
  positions: 'Positions with profit and loss',
  pnl: 'Profit and loss by strategy, instrument or day',
  explain: 'Everything that led to an order and came of it',
  replay: 'Make the recorded decisions again and compare',
  parity: 'A paper period against its backtest, part by part',
  optimise: 'Search parameters on all cores or many machines',
  walkforward: 'Choose on the past, trade what comes after, window by window',
  montecarlo: 'What luck alone makes of the trades, returns and prices',
  significance: 'Against entries at random with the same exposure',
  worker: 'Run trials of `optimise --remote` on this machine',
  data: 'Import, list, verify, repair, export and download market data',
}

// Whoever reads (`| head`) may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

const names = Object.keys(DESCRIPTIONS)
process.argv.splice(2, 1, ...(ALIASES[process.argv[2] ?? ''] ?? process.argv.slice(2, 3)))
const first = process.argv[2]
if (first !== undefined && !first.startsWith('-') && !names.includes(first)) {
  const near = closest(first, names)
  process.stderr.write(`unknown command ${first}${near ? `; did you mean ${near}?` : ''}  (contrail --help)\n`)
  process.exit(2)
}

const subCommands = Object.fromEntries(
  Object.entries(DESCRIPTIONS).map(([name, description]) =>
    // The help of the whole needs names and descriptions only.
    first === name ? [name, load(name)] : [name, defineCommand({ meta: { name, description } })],
  ),
)
const program = defineCommand({
  meta: { name: 'contrail', version: '0.1.0', description: 'A trading runtime and platform' },
  subCommands: subCommands as Record<string, CommandDef>,
})
const words = process.argv.slice(2)
const asksHelp = words.length === 0 || words.some((word) => ['--help', '-h', '--version', '-v'].includes(word))
if (asksHelp) await runMain(program)
else
  await runCommand(program, { rawArgs: words }).catch(async (error: unknown) => {
    // What the parser misses is a usage like any other: one line, and 2.
    const [{ report }, { refuse }] = await Promise.all([import('./lib/run.ts'), import('@contrail/contracts')])
    const missing = /^Missing required (?:positional )?argument: -*(\S+)/.exec((error as Error).message)?.[1]
    const refusal = missing && refuse('usage', missing.toLowerCase(), 'nothing', `contrail ${first} --help`)
    report(refusal || error, words.includes('--json'))
  })
