import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { checkStrategy } from '@contrail/research'
import { defaultAssumptions, runBacktest } from '@contrail/trading'
import type { Instrument } from '@contrail/contracts'
import type { CandleColumns, MarketColumns, QuoteColumns, StrategyDefinition } from '@contrail/trading'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import blank from '../../apps/cli/src/templates/blank.ts'
import cross from '../../apps/cli/src/templates/cross.ts'
import grid from '../../apps/cli/src/templates/grid.ts'
import marketMaking from '../../apps/cli/src/templates/market-making.ts'
import pairs from '../../apps/cli/src/templates/pairs.ts'
import reversion from '../../apps/cli/src/templates/reversion.ts'
import { template, TEMPLATES } from '../../apps/cli/src/lib/templates.ts'
import type { TemplateName } from '../../apps/cli/src/lib/templates.ts'
import { marketFor } from '../../libs/research/src/check/market.ts'
import { root } from './testing/platform.ts'

const definitions: Record<TemplateName, StrategyDefinition> = {
  cross,
  reversion,
  grid,
  pairs,
  'market-making': marketMaking,
  blank,
}
let folder: string
beforeAll(() => {
  // Inside the clone, as strategies/ is: what they import is found from there.
  mkdirSync(path.join(root, '.contrail'), { recursive: true })
  folder = mkdtempSync(path.join(root, '.contrail', 'templates-'))
  for (const name of TEMPLATES) {
    const made = template(name, `own-${name}`)
    writeFileSync(path.join(folder, `own-${name}.ts`), made.strategy)
    writeFileSync(path.join(folder, `own-${name}.test.ts`), made.test)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([...TEMPLATES])('template %s', (name) => {
  test('its own test passes as it is printed, without any service', () => {
    const file = path.join(folder, `own-${name}.test.ts`)
    const { status, stdout } = spawnSync(process.execPath, ['--test', file], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } }) // prettier-ignore
    expect({ status, stdout }).toMatchObject({ status: 0 })
    expect(stdout).toMatch(/pass [1-9]/)
  })

  test('it passes contrail check, its types included', async () => {
    const report = await checkStrategy(path.join(folder, `own-${name}.ts`), { rows: 300, cuts: 3 })
    expect(report.lines.filter(({ status }) => status === 'failed')).toEqual([])
    expect(report.lines.find(({ check }) => check === 'types')?.status).toBe('passed')
  }, 60_000)
})

// A blank one listens and does nothing: that is what it is for.
test.each(TEMPLATES.filter((name) => name !== 'blank'))('template %s trades in a backtest', (name) => {
  const definition = definitions[name]
  const parameters: unknown = definition.parameters.parse({})
  const inputs = definition.inputs(parameters)
  const { steps, series } = marketFor(inputs, { rows: 600, seed: 7, wantsTimer: false })
  const columns: MarketColumns[] = series.map(candlesOf)
  const quotes = steps.filter((step) => step.kind === 'quote')
  if (quotes.length > 0) columns.push(quotesOf(quotes))
  const result = runBacktest({
    definition,
    parameters: {},
    instruments: [...new Set(inputs.map(({ instrument }) => instrument))].map(instrumentOf),
    series: columns,
    cash: 100_000,
    assumptions: { ...defaultAssumptions, fillModel: quotes.length > 0 ? 'trade' : 'bar', leverage: 2 },
  })
  expect(result.trades.length).toBeGreaterThan(0)
})

function instrumentOf(instrument: string): Instrument {
  const [base = '', quote = ''] = instrument.split('-')
  const steps = { tickSize: '0.01', lotSize: '0.0001', minQuantity: '0.0001', minNotional: '5' }
  const fees = { makerFeeBps: 1, takerFeeBps: 2 }
  return { venue: 'sim' as never, instrument: instrument as never, kind: 'spot', base, quote, ...steps, ...fees }
}

function candlesOf({ venue, instrument, timeframe, openTimeUs, bars }: ReturnType<typeof marketFor>['series'][number]) {
  const column = (pick: (bar: (typeof bars)[number]) => number) => Float64Array.from(bars, pick)
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
  } satisfies CandleColumns
}

function quotesOf(steps: readonly { venue: string; instrument: string; bid: number; ask: number }[]): QuoteColumns {
  const timeUs = Float64Array.from(steps, (_, i) => 1_704_067_200_000_000 + i * 500_000)
  const ones = new Float64Array(steps.length).fill(1)
  return {
    kind: 'quotes',
    venue: 'sim',
    instrument: 'BTC-USDT',
    rows: steps.length,
    receiveTimeUs: timeUs,
    venueTimeUs: timeUs,
    bid: Float64Array.from(steps, ({ bid }) => bid),
    bidQuantity: ones,
    ask: Float64Array.from(steps, ({ ask }) => ask),
    askQuantity: ones,
  }
}
