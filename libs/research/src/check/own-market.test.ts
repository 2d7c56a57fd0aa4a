import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { strategyFile } from '../run/strategy.ts'
import { checkStrategy } from './check.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-own-market-'))
afterAll(() => rmSync(folder, { recursive: true }))

const T = 1_704_153_600
const file = path.join(folder, 'wave.csv')
const price = (at: number): string => (100 + 6 * Math.sin(at / 7)).toFixed(2)
const rows = Array.from({ length: 300 }, (_, i) => {
  const [open, close] = [price(i), price(i + 1)]
  const [low, high] = [Math.min(Number(open), Number(close)), Math.max(Number(open), Number(close))]
  return `${T + (i < 150 ? i : i + 48) * 3600},${open},${high},${low},${close},12`
})
writeFileSync(file, ['time,open,high,low,close,volume', ...rows].join('\n'))
const own = { request: { kind: 'files', files: [file], options: { instrument: 'ETH-USDT', lotSize: '0.01' } } } as const
const strategy = (name: string, onCandle: string): string => {
  const made = path.join(folder, `${name}.ts`)
  writeFileSync(
    made,
    `import { z } from 'zod'
export default {
  name: '${name}',
  parameters: z.object({ venue: z.string(), instrument: z.string(), timeframe: z.string() }),
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  state: () => ({ count: 0 }),
  onCandle(ctx, state, candle) {
    state.count++
    ${onCandle}
  },
}`,
  )
  return made
}

test('a strategy is checked on the rows of a file, with their names, steps, prices and times', async () => {
  const report = await checkStrategy(strategyFile('sma-cross'), { data: own, types: false })
  expect(report).toMatchObject({ passed: true, events: 300 })
  expect(report.decisions).toBeGreaterThan(5)
  expect(report.lines.find(({ check }) => check === 'rows')).toMatchObject({ status: 'passed' })
})

test('it sees the gap of the file, and the last rows when there are more than asked for', async () => {
  const code = `
    if (state.last && candle.openTimeUs - state.last > 3_600_000_000) throw new Error('after ' + state.count + ' of ' + candle.close)
    state.last = candle.openTimeUs`
  const { passed, lines, events } = await checkStrategy(strategy('gap', code), { data: own, rows: 200, types: false })
  expect([passed, events]).toEqual([false, 200])
  expect(lines.at(-1)?.detail).toContain(`after 51 of ${Number(price(151))}`)
})

test('what has no rows, or not the rows of its inputs, is refused in words', async () => {
  const data = { request: { kind: 'files', files: [path.join(folder, 'no.csv')] } } as const
  await expect(checkStrategy(strategyFile('sma-cross'), { data })).rejects.toMatchObject({ code: 'no_file' })
  const other = await checkStrategy(strategyFile('sma-cross'), {
    data: own,
    parameters: { instrument: 'BTC-USDT' },
    types: false,
  })
  expect(other.lines.at(-1)).toMatchObject({ status: 'failed', detail: expect.stringContaining('ETH-USDT') })
})
