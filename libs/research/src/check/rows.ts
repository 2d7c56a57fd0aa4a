import type * as Trading from '@contrail/trading'
import type { BacktestOptions, CandleColumns, StrategyDefinition } from '@contrail/trading'
import type { Question, SeriesOfBars, Tried } from './types.ts'

const HANDLERS = ['onTick', 'onQuote', 'onBook', 'onCandle'] as const
const CASH = 100_000

/**
 * The same code in a backtest, where it sees rows of columns: it must decide there what it decides on plain messages, and
 * on a beginning what it decides on the whole, though all columns are there.
 */
export async function alongRows(
  question: Question,
  kit: typeof Trading,
  load: () => Promise<StrategyDefinition>,
): Promise<{ differences: { tried: Tried; detail: string }[]; skipped: string | undefined }> {
  const differences: { tried: Tried; detail: string }[] = []
  const definition = await load()
  const inputs = definition.inputs(definition.parameters.parse(question.parameters))
  if (inputs.some(({ kind }) => kind !== 'candles') || question.series.length === 0)
    return { differences, skipped: 'it listens to more than bars' }
  const series = question.series.map(columnsOf)
  const instruments = question.instruments ?? series.map(({ venue, instrument }) => instrumentOf(venue, instrument))
  const base = { parameters: question.parameters, instruments, series, cash: CASH, assumptions: kit.defaultAssumptions }
  const run = (of: StrategyDefinition, more: Partial<BacktestOptions> = {}) =>
    said(kit.runBacktest({ ...base, definition: of, ...more }))
  let whole: string[]
  try {
    whole = run(definition)
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === 'not_yet') return { differences, skipped: 'several series are not backtested yet' }
    throw error
  }
  const compare = (tried: Tried, wanted: string[], found: string[]) => {
    const at = wanted.findIndex((one, index) => one !== found[index])
    if (at < 0 && found.length === wanted.length) return
    const index = at < 0 ? wanted.length : at
    const detail = `decision ${index + 1}: ${short(wanted[index])}, then ${short(found[index])}`
    if (!differences.some((one) => one.tried === tried)) differences.push({ tried, detail })
  }
  compare('plain rows', whole, run(plain(await load())))
  const times = series[0]?.openTimeUs as Float64Array
  for (const part of [0.31, 0.5, 0.77]) {
    const row = Math.floor(times.length * part)
    // The open of the bar after the last one fills what the last one led to: that bar is not there.
    const lastUs = times[row - 1] as number
    const before = (one: string) => Number(/^\d+/.exec(one)?.[0]) < lastUs
    const found = run(definition, { toUs: times[row] as number })
    compare('truncated rows', whole.filter(before), found.filter(before))
  }
  return { differences, skipped: undefined }
}

const said = (result: ReturnType<(typeof Trading)['runBacktest']>): string[] =>
  result.decisions.map(({ atUs, reasons, intents }) => `${atUs} ${JSON.stringify({ reasons, intents })}`)
const short = (text: string | undefined): string => (text === undefined ? 'nothing' : text.slice(0, 160))

/** Handlers get what a message decodes to, as live. */
function plain(definition: StrategyDefinition): StrategyDefinition {
  const made: Record<string, unknown> = { ...definition }
  for (const name of HANDLERS) {
    const handler = definition[name] as ((ctx: unknown, state: unknown, value: unknown) => unknown) | undefined
    if (handler)
      made[name] = (ctx: unknown, state: unknown, value: unknown) =>
        handler.call(definition, ctx, state, Object.freeze(JSON.parse(JSON.stringify(value))))
  }
  return made as StrategyDefinition
}

function columnsOf({ venue, instrument, timeframe, openTimeUs, bars }: SeriesOfBars): CandleColumns {
  const column = (pick: (bar: SeriesOfBars['bars'][number]) => number) => Float64Array.from(bars, pick)
  return {
    kind: 'candles',
    venue,
    instrument,
    timeframe: timeframe as CandleColumns['timeframe'],
    rows: bars.length,
    openTimeUs: Float64Array.from(openTimeUs),
    open: column((bar) => bar.open),
    high: column((bar) => bar.high),
    low: column((bar) => bar.low),
    close: column((bar) => bar.close),
    volume: column((bar) => bar.volume),
    quoteVolume: column((bar) => bar.volume * bar.close),
    trades: column(() => 1),
  }
}

function instrumentOf(venue: string, instrument: string) {
  const [base = '', quote = ''] = instrument.split('-')
  const steps = { tickSize: '0.01', lotSize: '0.0001', minQuantity: '0.0001', minNotional: '5' }
  const fees = { makerFeeBps: 2, takerFeeBps: 5 }
  return {
    venue: venue as never,
    instrument: instrument as never,
    kind: 'spot' as const,
    base,
    quote,
    ...steps,
    ...fees,
  }
}
