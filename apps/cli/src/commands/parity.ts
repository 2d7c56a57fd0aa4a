import type { Confirm } from '@contrail/contracts'
import { assumptionsOfWords, instrumentKey, refuse } from '@contrail/contracts'
import type { ReplayResult } from '@contrail/runtime'
import type { GivenDecision, Parity } from '@contrail/research'
import type { Assumptions, InputSpec, MarketColumns } from '@contrail/trading'
import { numberOf } from '../lib/backtest-flags.ts'
import { printJson, styled } from '../lib/print.ts'
import { withRecorded } from '../lib/recorded.ts'
import type { RecordedStrategy } from '../lib/recorded.ts'
import { command } from '../lib/run.ts'

const CASH = 100_000

export default command(
  'parity',
  'A paper or live period against its backtest: decisions must be equal, and each part of the P&L difference has a name',
  {
    strategy: { type: 'positional', description: 'Its id', required: true },
    data: { type: 'string', description: 'File with the archive of the market; default: what the streams still hold' },
    fill: { type: 'string', description: 'Fill model of the backtest: bar, trade or book; default bar' },
    fee: { type: 'string', description: 'Basis points, or maker/taker; default: as the instrument says' },
    slippage: { type: 'string', description: 'Of the backtest: basis points, or volume:IMPACT; default none' },
    spread: { type: 'string', description: 'Of the backtest, basis points, where the data has none; default 0' },
    latency: { type: 'string', description: 'Of the backtest: 5ms, 200us, 1s or lognormal:MEDIAN:SIGMA; default 0' },
    cash: { type: 'string', description: `Of the backtest, in quote; default ${CASH}` },
  },
  async (args) => {
    const { defaultAssumptions } = await import('@contrail/trading')
    const { fill, fee, slippage, spread, latency } = args
    const words: Partial<Record<string, string>> = { fill, fee, slippage, spread, latency }
    const assumptions: Assumptions = {
      ...defaultAssumptions,
      riskGate: false,
      ...assumptionsOfWords({ word: (name) => words[name], fieldOf: (name) => `--${name}`, code: 'usage' }),
    }
    const cash = args.cash === undefined ? CASH : numberOf('--cash', args.cash, 0)
    const found = await withRecorded(
      args.strategy,
      {},
      async (recorded) => await judge(recorded, assumptions, cash, args.data),
    )
    const { decisions, parity } = found
    const same = decisions.equal === decisions.recorded && decisions.extra === 0
    if (args.json)
      printJson({
        strategy: args.strategy,
        same,
        ...found,
        decisions: { ...decisions, first: decisions.first ?? null },
      })
    else tell(args.strategy, decisions, parity)
    if (!same) process.exitCode = 1
  },
)

type Judged = { decisions: ReplayResult; period: { fromUs: number; toUs: number; hours: number }; parity: Parity }

async function judge(
  run: RecordedStrategy,
  assumptions: Assumptions,
  cash: number,
  file: string | undefined,
): Promise<Judged> {
  const { replayDecisions } = await import('@contrail/runtime')
  const { instrumentsOf, parity, recordedConfirms, recordedMarket } = await import('@contrail/research')
  const { view, bus, checkpoint, definition, actor, recorded, from } = run
  if (recorded.length === 0)
    throw refuse('no_decisions', 'strategy', view.strategy, 'it has decided nothing since its record begins; try later')
  const used = traded(run)
  const opening: Record<string, number> = {}
  for (const { venue, instrument } of used) {
    const { quantity } = actor.position(venue, instrument)
    if (quantity !== 0) opening[instrumentKey(venue, instrument)] = quantity
  }
  const decisions = await replayDecisions({ bus, program: actor, checkpoint, recorded })
  const [md, trades] = await Promise.all([bus.streamState('MD'), bus.streamState('TRADES')])
  const begin = (checkpoint.cursors['MD']?.sequence ?? 0) + 1
  const through = md?.lastSequence ?? 0
  const market = await recordedMarket(bus, used, { from: begin, through })
  const whole = await recordedMarket(bus, used, { from: md?.firstSequence ?? 1, through })
  const confirms: Confirm[] = await recordedConfirms(bus, view.account, view.strategy, {
    from: (checkpoint.cursors['TRADES']?.sequence ?? 0) + 1,
    through: trades?.lastSequence ?? 0,
  })
  const [fromUs, toUs] = spanOf(market)
  const archive = file === undefined ? whole : await archiveOf(file, market, inputsOf(run))
  const found = parity({
    definition,
    parameters: run.parameters,
    instruments: instrumentsOf([...market, ...archive], run.instruments),
    decisions: recorded as unknown as GivenDecision[],
    confirms,
    opening,
    recorded: market,
    archive,
    fromUs,
    toUs: toUs + 1,
    cash,
    assumptions,
  })
  return { decisions, period: { fromUs, toUs, hours: from.hours }, parity: found }
}

/** The instruments of the strategy's inputs. */
const inputsOf = ({ definition, parameters }: RecordedStrategy): readonly InputSpec[] =>
  definition.inputs(definition.parameters.parse(parameters))

function traded(run: RecordedStrategy) {
  const inputs = inputsOf(run)
  return run.instruments.filter((one) =>
    inputs.some(({ venue, instrument }) => venue === one.venue && instrument === one.instrument),
  )
}

/** A file says what it holds; where it stands for the recorded market it is under that market's names. */
async function archiveOf(
  file: string,
  market: readonly MarketColumns[],
  inputs: readonly InputSpec[],
): Promise<MarketColumns[]> {
  const { readMarketFile } = await import('@contrail/data')
  const { seriesFor } = await import('@contrail/research')
  const [first] = market
  const { series } = await readMarketFile(file, first && { venue: first.venue, instrument: first.instrument })
  return seriesFor(series, inputs, [])
}

function spanOf(market: readonly MarketColumns[]): [number, number] {
  let [first, last] = [Infinity, 0]
  for (const columns of market) {
    if (columns.kind !== 'ticks' && columns.kind !== 'quotes') continue
    first = Math.min(first, columns.receiveTimeUs[0] ?? Infinity)
    last = Math.max(last, columns.receiveTimeUs.at(-1) ?? 0)
  }
  if (last === 0)
    throw refuse('no_market', 'MD', 'nothing', 'its market data is no longer in the stream; it is kept for two hours')
  return [first, last]
}

function tell(
  strategy: string,
  decisions: ReplayResult,
  { paper, backtest, difference, parts, residual, fills }: Parity,
) {
  const out = (line: string): void => void process.stdout.write(`${line}\n`)
  const money = (value: number): string => value.toFixed(8).padStart(20)
  const wrong = decisions.differing + decisions.missing + decisions.extra
  out(`${strategy}: ${decisions.recorded} decisions recorded`)
  out(styled(wrong === 0 ? 'green' : 'red', `  ${wrong} differing decisions`))
  out(`  paper       ${money(paper)}   ${fills.paper} fills`)
  out(`  backtest    ${money(backtest)}   ${fills.backtest} fills`)
  out(`  difference  ${money(difference)}`)
  for (const { name, pnl, why } of parts) out(`    ${name.padEnd(10)}${money(pnl)}   ${why}`)
  out(`    ${'residual'.padEnd(10)}${money(residual)}`)
}
