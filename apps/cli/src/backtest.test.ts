import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instantOf } from './lib/backtest-flags.ts'
import { repeated } from './lib/repeated.ts'
import { progressText } from './lib/run-progress.ts'
import { contrailWith } from './testing/program.ts'

const shared = path.resolve(import.meta.dirname, '../../../../shared')
const goog = path.join(shared, 'data/candles/backtestingpy_GOOG.csv')
const reference = path.join(shared, 'expected/backtesting_py.json')
const hasReference = existsSync(goog) && existsSync(reference)
let home: string
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-backtest-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const contrail = (...args: string[]) => contrailWith({ CONTRAIL_HOME: home }, args)

/** Hourly bars of a wave. */
function candles(name: string, rows: number): string {
  const file = path.join(home, name)
  const lines = Array.from({ length: rows }, (_, row) => {
    const price = (at: number) => 100 + 8 * Math.sin(at / 9)
    const [open, close] = [price(row - 1), price(row)]
    const time = new Date(Date.UTC(2024, 0, 1, row)).toISOString()
    return [time, open, Math.max(open, close), Math.min(open, close), close].map((one) =>
      typeof one === 'number' ? one.toFixed(2) : one,
    )
  })
  writeFileSync(file, ['date,open,high,low,close,volume', ...lines.map((line) => `${line.join(',')},10`)].join('\n'))
  return file
}

describe('contrail backtest', () => {
  test('any candle file, parameters, cash, fee and sizing by flags: trades and metrics as JSON', async () => {
    const file = candles('wave.csv', 600)
    const flags = [
      '--instrument',
      'BTC-USDT',
      '--lot',
      '0.001',
      '--set',
      'fast=3',
      '--set',
      'slow=9',
      '--set',
      'quantity=1',
    ]
    const plain = await contrail('backtest', 'sma-cross', '--data', file, ...flags, '--fee', '0', '--json')
    expect(plain.err).toBe('')
    expect(plain.code).toBe(0)
    const run = JSON.parse(plain.out)
    expect(run).toMatchObject({
      schema: 'contrail.run/1',
      complete: true,
      strategy: { parameters: { fast: 3, slow: 9, quantity: 1, timeframe: '1h', instrument: 'BTC-USDT' } },
      assumptions: { fees: { kind: 'bps', takerBps: 0 } },
    })
    expect(run.trades.length).toBe(run.metrics.tradeCount)
    expect(run.trades.length).toBeGreaterThan(5)
    const sum = run.trades.reduce((total: number, one: { pnl: number }) => total + one.pnl, 0)
    const open = run.positions.reduce((total: number, one: { unrealised: number }) => total + one.unrealised, 0)
    expect(run.finalEquity).toBeCloseTo(10_000 + sum + open, 6)

    const dear = await contrail(
      'backtest',
      'sma-cross',
      '--data',
      file,
      ...flags,
      '--fee',
      '0/25',
      '--sizing',
      'notional:500',
      '--json',
    )
    const other = JSON.parse(dear.out)
    const bought = other.trades[0] as { quantity: number; entryPrice: number }
    expect(bought.quantity * bought.entryPrice).toBeLessThanOrEqual(500)
    expect(bought.quantity * bought.entryPrice).toBeGreaterThan(499)
    expect(other.costs.fee).toBeGreaterThan(0)

    const compared = JSON.parse((await contrail('runs', 'compare', run.id, other.id, '--json')).out)
    expect(compared.differs).toHaveProperty('sizing')
    expect(compared.differs).toHaveProperty('fees')
    expect(compared.metrics).toHaveProperty('finalEquity')
    expect((await contrail('runs', 'list')).out).toContain(run.id)
    expect((await contrail('runs', 'show', run.id)).out).toContain('Max drawdown')
    const report = JSON.parse((await contrail('report', run.id, '--json')).out)
    expect(readFileSync(report.report, 'utf8')).toContain(run.id)
  }, 60_000)

  test.skipIf(!hasReference)(
    'GOOG as backtesting.py has it, every figure',
    async () => {
      const { out, err } = await contrail(
        ...'backtest sma-cross --cash 10000 --fee 0 --sizing all-in --at-end close_at_open --no-risk-gate'.split(' '),
        ...'--set fast=10 --set slow=30 --set allowShort=true --set enter=cross --convention backtesting.py'.split(' '),
        '--data',
        goog,
        '--json',
      )
      expect(err).toBe('')
      const found = JSON.parse(out)
      const [expected] = JSON.parse(readFileSync(reference, 'utf8')).runs
      expect(found.trades).toHaveLength(66)
      for (const [label, value] of Object.entries(expected.stats as Record<string, number | string>)) {
        const own = found.asPrinted[label]
        if (typeof value === 'number') expect(Math.abs(own - value), label).toBeLessThanOrEqual(1e-8 * Math.abs(value))
        else expect(own, label).toBe(value)
      }
    },
    60_000,
  )

  test('bad input is one line with its mend, an exit code, and nothing written', async () => {
    const file = candles('short.csv', 50)
    const before = existsSync(path.join(home, 'runs')) ? readdirSync(path.join(home, 'runs')) : []
    const broken = path.join(home, 'broken.ts')
    writeFileSync(broken, 'export default {\n  name: = 3\n}\n')
    const endless = path.join(home, 'endless.ts')
    const author = `import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'
export default defineStrategy({
  name: 'endless',
  parameters: z.object({ venue: z.string(), instrument: z.string() }),
  inputs: ({ venue, instrument }) => [{ kind: 'candles', venue, instrument, timeframe: '1h' }],
  state: () => ({ bars: 0 }),
  onCandle(ctx, state) { for (;;) state.bars++ },
})
`
    writeFileSync(endless, author)
    const bomb = path.join(home, 'bomb.ts')
    const grows = author
      .replace('bars: 0', 'list: [] as number[][]')
      .replace('state.bars++', 'state.list.push(new Array(1e5).fill(0))')
    writeFileSync(bomb, grows.replace("'endless'", "'bomb'"))
    const on = ['--data', file, '--instrument', 'BTC-USDT']
    const cases: [string[], RegExp][] = [
      [['sma-cross', ...on, '--fee', 'cheap'], /^usage {2}--fee/],
      [['sma-cross', ...on, '--sizing', 'half'], /^usage {2}--sizing/],
      [['sma-cross', ...on, '--set', 'speed=3'], /^unknown_parameter/],
      [['sma-cross', ...on, '--fill', 'book'], /^no_data/],
      [['sma-cross', '--data', path.join(home, 'none.csv')], /^no_file/],
      [['nobody', ...on], /^unknown_strategy/],
      [[broken, ...on], /^does_not_compile {2}broken\.ts:2/],
      [[endless, ...on, '--budget', '0.3'], /^endless .*onCandle at 2024-01-01T01:00/],
      [
        [bomb, ...on, '--memory', '64'],
        /^out_of_memory .*bomb\.ts.*onCandle at 2024-01-01T01:00\S* held more than 64 MB/,
      ],
      [[bomb, ...on, '--memory', 'much'], /^usage {2}--memory/],
    ]
    for (const [args, text] of cases) {
      const { code, err, out } = await contrail('backtest', ...args)
      expect(out).toBe('')
      expect(err).toMatch(text)
      expect(err.trim().split('\n')).toHaveLength(2)
      expect(code).toBeGreaterThan(1)
    }
    expect(existsSync(path.join(home, 'runs')) ? readdirSync(path.join(home, 'runs')) : []).toEqual(before)
  }, 120_000)
})

describe('what the run says of its data and its orders', () => {
  test('a longer timeframe is made of all bars of the file; a shorter one, or a period without data, is refused', async () => {
    const file = candles('long.csv', 600)
    const run = async (...flags: string[]) => {
      const { code, out } = await contrail('backtest', 'sma-cross', '--data', file, '--no-report', '--no-robustness', '--json', ...flags) // prettier-ignore
      return { code, json: JSON.parse(out) as Record<string, any> }
    }
    const long = await run('--timeframe', '4h')
    expect(long.json['data'].series).toMatchObject([{ timeframe: '4h', rows: 150 }])
    expect(long.json['data'].files[0].judgement.refused).toEqual({})
    expect(long.json['data'].notes.join()).toContain('made of its 1h bars')
    for (const flags of [
      ['--timeframe', '1m'],
      ['--from', '2030-01-01'],
      ['--to', '2000-01-01'],
    ]) {
      const { code, json } = await run(...flags)
      expect([code, json['error'].code]).toEqual([5, 'no_data'])
    }
  })

  test('rows that were left out, and why orders were rejected, are said', async () => {
    const file = candles('mixed.csv', 300)
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(
      file,
      lines.map((line, i) => (i > 200 ? `${1.7e12 + i}${line.slice(line.indexOf(','))}` : line)).join('\n'),
    )
    const { out } = await contrail('backtest', 'sma-cross', '--data', file, '--no-report', '--sizing', 'quantity:1000')
    expect(out).toMatch(/data {5}mixed\.csv: of 300 rows left out: bad_time 100 \(line 202\)/)
    expect(out).toMatch(/rejected INSUFFICIENT_MARGIN \d+\n +cash x leverage 1 does not carry it/)
  })

  test('what is missing on the command line is a usage, in one line', async () => {
    const { code, err } = await contrail('backtest')
    expect([code, err]).toEqual([2, 'usage  strategy: "nothing"\n  contrail backtest --help\n'])
  })
})

describe('parts', () => {
  test('an option given several times', () => {
    expect(repeated('set', ['--set', 'a=1', '--set=b=2', '--other', 'c'])).toEqual(['a=1', 'b=2'])
  })
  test('a day is its first instant in UTC', () => {
    expect(instantOf('--from', '2024-01-02')).toBe(Date.UTC(2024, 0, 2) * 1000)
    expect(instantOf('--from', '2024-01-02T03:04')).toBe(Date.UTC(2024, 0, 2, 3, 4) * 1000)
    expect(() => instantOf('--from', 'yesterday')).toThrow('--from')
  })
  test('progress with rate and time left', () => {
    const text = progressText({
      phase: 'running',
      done: 410_000,
      total: 1e6,
      elapsedMs: 500,
      rate: 812_345,
      leftMs: 726,
    })
    expect(text).toBe('running  41 %  410k of 1.0m events  812k/s  0.7 s left')
    expect(progressText({ phase: 'judging', done: 1, total: 1, elapsedMs: 1, rate: 0, leftMs: 0 })).toBe('judging')
  })
})
