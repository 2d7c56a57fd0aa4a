import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeBench } from '../testing/runs.ts'
import type { Bench } from '../testing/runs.ts'
import { performRun } from './perform.ts'
import { attachSections, findRun, listRuns, readRun, readSections } from './store.ts'
import type { RunOptions, RunRequest } from './types.ts'

let bench: Bench
let candles: string
beforeAll(() => {
  bench = makeBench()
  candles = bench.candles('BTCUSDT-1h.csv', 1200)
})
afterAll(() => bench.clear())

const request = (changes: Partial<RunRequest> = {}): RunRequest => ({
  strategy: 'sma-cross',
  parameters: { fast: 3, slow: 9, quantity: 1 },
  data: { kind: 'files', files: [candles], options: { instrument: 'BTC-USDT', lotSize: '0.01' } },
  cash: 10_000,
  assumptions: { fees: { kind: 'bps', makerBps: 1, takerBps: 5, perOrder: 0 } },
  ...changes,
})
const written = (changes?: Partial<RunRequest>, options: RunOptions = {}) =>
  performRun(request(changes), { directory: bench.runs, ...options })

describe('a run', () => {
  test('is a folder whose files say the same as the result', async () => {
    const { record, result, folder } = await written()
    expect(result.trades.length).toBeGreaterThan(10)
    expect(record).toMatchObject({
      schema: 'contrail.run/1',
      complete: true,
      residual: '0',
      strategy: { name: 'sma-cross', parameters: { instrument: 'BTC-USDT', timeframe: '1h', fast: 3 } },
      counts: { trades: result.trades.length },
    })
    expect(record.strategy.fromData.toSorted()).toEqual(['instrument', 'timeframe', 'venue'])
    const text = (name: string) => readFileSync(path.join(folder as string, name), 'utf8')
    expect(JSON.parse(text('run.json'))).toEqual(JSON.parse(JSON.stringify(record)))
    const trades = text('trades.csv').trim().split('\n')
    expect(trades).toHaveLength(result.trades.length + 1)
    const pnl = (trades[0] as string).split(',').indexOf('pnl')
    expect(trades.slice(1).map((line) => Number(line.split(',')[pnl]))).toEqual(result.trades.map((one) => one.pnl))
    for (const [name, count] of [
      ['orders.csv', record.counts.orders],
      ['fills.csv', record.counts.fills],
    ] as const)
      expect(text(name).trim().split('\n')).toHaveLength(count + 1)
    const equity = text('equity.csv').trim().split('\n')
    expect(Number(equity.at(-1)?.split(',')[1])).toBe(record.finalEquity)
    const whole = readFileSync(path.join(folder as string, 'equity.f64'))
    const [timeUs, value, exposure] = [0, 1, 2].map((column) => {
      const size = whole.length / 3
      return Array.from({ length: size / 8 }, (_, row) => whole.readDoubleLE(column * size + row * 8))
    })
    const columns = { timeUs, value, exposure }
    for (const [name, column] of Object.entries(result.equity))
      expect([name, columns[name as 'value']]).toEqual([name, [...column]])
    expect(createHash('sha256').update(text('decisions.jsonl')).digest('hex')).toBe(record.decisionsSha256)
    expect(text('decisions.jsonl').trim().split('\n')).toHaveLength(record.counts.decisions)
    expect(statSync(path.join(folder as string, 'run.json')).mode & 0o222).toBe(0)
    expect(readdirSync(bench.runs).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('twice is the same in every figure and every decision, under another id', async () => {
    const [one, two] = [await written(), await written()]
    const bare = (record: typeof one.record) => ({ ...record, id: '', createdAt: '', timing: null })
    expect(bare(two.record)).toEqual(bare(one.record))
    expect(two.record.id).not.toBe(one.record.id)
    const other = await written({ parameters: { fast: 4, slow: 9, quantity: 1 } })
    expect(other.record.decisionsSha256).not.toBe(one.record.decisionsSha256)
    expect(other.record.data.sha256).toBe(one.record.data.sha256)
  })

  test('with what was kept of its code it is the same, until a byte of that is another', async () => {
    const cache = path.join(bench.folder, 'cache')
    const kept = () => readdirSync(cache).filter((name) => name.endsWith('.bundle.mjs'))
    const bare = ({ record }: Awaited<ReturnType<typeof written>>) => ({
      ...record,
      id: '',
      createdAt: '',
      timing: null,
    })
    const plain = bare(await written())
    expect(bare(await written({}, { cache }))).toEqual(plain)
    expect(bare(await written({}, { cache }))).toEqual(plain)
    const [shared] = kept().filter((name) => name.startsWith('shared-'))
    writeFileSync(path.join(cache, shared as string), 'throw new Error("not what was kept")')
    expect(bare(await written({}, { cache }))).toEqual(plain)
    const strategy = bench.strategy('kept-thrower', 'if (state.bars === 7) (candle as any).no.thing()')
    for (let turn = 0; turn < 2; turn++)
      await expect(written({ strategy, parameters: {} }, { cache })).rejects.toMatchObject({
        code: 'strategy_failed',
        field: expect.stringMatching(/^kept-thrower\.ts:15$/),
      })
  })

  test('stopped by its signal, it is whole about the part that was run', async () => {
    const long = bench.candles('LONGUSDT-1h.csv', 80_000)
    const stop = new AbortController()
    stop.abort()
    const data = { kind: 'files', files: [long], options: { instrument: 'BTC-USDT', lotSize: '0.01' } } as const
    const { record, folder } = await written({ data }, { signal: stop.signal })
    expect(record.complete).toBe(false)
    expect(record.counts.events).toBeLessThan(80_000)
    expect((await readRun(bench.runs, record.id)).record.complete).toBe(false)
    expect(readFileSync(path.join(folder as string, 'report.html'), 'utf8')).toContain('Stopped before the end')
  })

  test('is found by its id, the start of it and last; studies are added without touching it', async () => {
    const { record, folder } = await written()
    const before = readFileSync(path.join(folder as string, 'sections.json'), 'utf8')
    expect(await findRun(bench.runs, 'last')).toBe(folder)
    expect(await findRun(bench.runs, record.id.slice(-8))).toBe(folder)
    expect((await listRuns(bench.runs))[0]?.id).toBe(record.id)
    await expect(findRun(bench.runs, 'nothing')).rejects.toMatchObject({ code: 'not_found' })
    const study = {
      kind: 'plateau',
      title: 'Plateau',
      summary: 'flat',
      verdict: 'good',
      figures: [],
      charts: [],
      tables: [],
    } as const
    await attachSections(folder as string, [study])
    const kinds = (await readSections(folder as string)).map(({ kind }) => kind)
    expect(kinds).toContain('plateau')
    expect(kinds).toContain('montecarlo')
    expect(readFileSync(path.join(folder as string, 'sections.json'), 'utf8')).toBe(before)
  })

  test('trades become the bars that a strategy reads, and fill where trades fill', async () => {
    const file = bench.trades('BTCUSDT-trades-2024-01-01.csv', 4000)
    const data = { kind: 'files', files: [file], options: { lotSize: '0.01' } } as const
    const parameters = { timeframe: '5m', fast: 3, slow: 9, quantity: 1 }
    const bars = await written({ data, parameters })
    expect(bars.record.data.notes).toEqual(['5m bars of BTC-USDT are made of its trades'])
    expect(bars.record.data.series.map(({ kind }) => kind)).toEqual(['candles'])
    expect(bars.record.counts.events).toBe(800)
    const trades = await written({ data, parameters, assumptions: { fillModel: 'trade', riskGate: false } })
    expect(trades.record.data.series.map(({ kind }) => kind)).toEqual(['ticks', 'candles'])
    expect(trades.record.counts.trades).toBeGreaterThan(5)
  })

  test('longer bars are made of shorter ones', async () => {
    const { record } = await written({ parameters: { timeframe: '4h', fast: 3, slow: 9, quantity: 1 } })
    expect(record.data.notes).toEqual(['4h bars of BTC-USDT are made of its 1h bars'])
    expect(record.counts.events).toBe(300)
  })
})

test('what a strategy prints is given to who asked, and not printed', async () => {
  const strategy = bench.strategy('talker', "if (state.bars === 3) console.log('third bar')")
  const heard: string[] = []
  await written({ strategy, parameters: {} }, { onOutput: (text) => heard.push(text) })
  expect(heard.join('')).toBe('third bar\n')
})

describe('what does not fit is one refusal, and nothing is written', () => {
  const cases: [string, () => Partial<RunRequest>, Record<string, unknown>][] = [
    ['a file that is not there', () => ({ data: { kind: 'files', files: ['no.csv'] } }), { code: 'no_file' }],
    ['an unknown strategy', () => ({ strategy: 'nobody' }), { code: 'unknown_strategy' }],
    ['an unknown parameter', () => ({ parameters: { speed: 1 } }), { code: 'unknown_parameter', field: 'speed' }],
    ['a parameter out of range', () => ({ parameters: { fast: 9, slow: 3 } }), { code: 'invalid_parameter' }],
    ['no cash', () => ({ cash: 0 }), { code: 'invalid_cash' }],
    [
      'an instrument that the data has not, with the flag that says otherwise',
      () => ({ parameters: { instrument: 'ETH-USDT' } }),
      { code: 'unknown_instrument', mend: 'the data has file BTC-USDT; if that is it, add --instrument ETH-USDT' },
    ],
    [
      'a file whose rows are all refused, with the reason and the first line',
      () => {
        const shifted = path.join(bench.folder, 'shifted.csv')
        writeFileSync(
          shifted,
          readFileSync(candles, 'utf8').replaceAll(/^(\d{13})/gm, (time) => `${+time + 800_000}`),
        )
        return { data: { kind: 'files', files: [shifted], options: { instrument: 'BTC-USDT' } } }
      },
      { code: 'no_usable_row', field: 'file', value: expect.stringMatching(/shifted.csv: none of its 1200 rows is taken, 1200 for off_grid_time/) }, // prettier-ignore
    ],
    [
      'an error of syntax, with its line',
      () => ({ parameters: {}, strategy: bench.strategy('broken', 'if (') }),
      { code: 'does_not_compile', field: expect.stringMatching(/^broken\.ts:\d+$/) },
    ],
    [
      'a file without a strategy in it',
      () => {
        const strategy = bench.strategy('nothing', '')
        writeFileSync(strategy, 'export const x = 42\n')
        return { parameters: {}, strategy }
      },
      { code: 'no_strategy' },
    ],
    [
      'an order for an instrument that nobody listens to, with its line',
      () => ({
        parameters: {},
        strategy: bench.strategy('stray', "ctx.buy({ instrument: 'DOGE-USDT', quantity: 1 })"),
      }),
      { code: 'unknown_instrument', field: expect.stringMatching(/^stray\.ts:15 /) },
    ],
    [
      'a handler that throws, with its line and the event',
      () => ({
        parameters: {},
        strategy: bench.strategy('thrower', 'if (state.bars === 7) (candle as any).no.thing()'),
      }),
      {
        code: 'strategy_failed',
        field: expect.stringMatching(/^thrower\.ts:15$/),
        value: expect.stringContaining('onCandle threw on candles 6'),
      },
    ],
  ]
  test.each(cases)('%s', async (_, changes, expected) => {
    const before = existsSync(bench.runs) ? readdirSync(bench.runs) : []
    await expect(written(changes())).rejects.toMatchObject(expected)
    expect(existsSync(bench.runs) ? readdirSync(bench.runs) : []).toEqual(before)
  })

  test('an endless loop is ended and named with its event', async () => {
    const strategy = bench.strategy('forever', 'while (state.bars === 5) candle.close')
    await expect(written({ strategy, parameters: {} }, { handlerMsMax: 300 })).rejects.toMatchObject({
      code: 'endless',
      value: expect.stringContaining('onCandle at 2024-01-01T05:00:00'),
    })
  })

  const held = /onCandle at 2024-\S+Z held more than 64 MB/
  const atOnce = /onCandle at 2024-01-01T01:00:00\S+ held more than 64 MB/
  const bombs: [string, string, RegExp][] = [
    ['arrays, a few more at each bar', 'for (let i = 0; i < 4; i++) kept.push(new Array(1e5).fill(0))', held],
    ['small objects, a few more at each bar', 'for (let i = 0; i < 3e4; i++) kept.push({ i, of: [i] })', held],
    ['typed arrays, outside of the heap', 'kept.push(new Float64Array(1e6).fill(1))', held],
    ['objects without end in one call', 'for (;;) kept.push({ a: [1] })', atOnce],
    ['arrays without end in one call', 'for (;;) kept.push(new Array(1e5).fill(0))', atOnce],
  ]
  test.each(bombs)('memory that only grows is ended and named with its event: %s', async (name, code, value) => {
    const strategy = bench.strategy(name.replaceAll(/\W+/g, '-'), code, 'const kept: unknown[] = []')
    const before = existsSync(bench.runs) ? readdirSync(bench.runs) : []
    await expect(written({ strategy, parameters: {} }, { memoryMbMax: 64 })).rejects.toMatchObject({
      code: 'out_of_memory',
      field: strategy,
      value: expect.stringMatching(value),
      mend: 'look for a list, map or text that only grows, or run a shorter period',
    })
    expect(existsSync(bench.runs) ? readdirSync(bench.runs) : []).toEqual(before)
  })

  test('memory that a module takes while it loads is ended and named', async () => {
    const head = 'const kept: unknown[] = []\nfor (;;) kept.push(new Float64Array(1e5).fill(1))'
    const strategy = bench.strategy('heavy', '', head)
    await expect(written({ strategy, parameters: {} }, { memoryMbMax: 64 })).rejects.toMatchObject({
      code: 'out_of_memory',
      value: expect.stringContaining('its module held more than 64 MB'),
    })
  })

  test('a text longer than V8 allows is named with its line', async () => {
    const strategy = bench.strategy('story', "text += 'y'.repeat(1e6)", "let text = ''")
    await expect(written({ strategy, parameters: {} })).rejects.toMatchObject({
      code: 'out_of_memory',
      field: expect.stringMatching(/^story\.ts:15$/),
      value: expect.stringContaining('onCandle threw on candles 536 (file.BTC-USDT): Invalid string length'),
    })
  })

  test('much that is made and dropped is not held', async () => {
    const strategy = bench.strategy('busy', 'for (let i = 0; i < 20; i++) new Array(1e4).fill(candle.close)')
    const { record } = await written({ strategy, parameters: {} }, { memoryMbMax: 256 })
    expect(record.complete).toBe(true)
  })

  const later: [string, string, string][] = [
    ['a timer', "if (state.bars === 5) setTimeout(() => { throw new Error('too late') }, 20)", 'too late, after its handler was back'], // prettier-ignore
    [
      'a promise',
      "if (state.bars === 5) void Promise.reject(new Error('floats'))",
      'floats, after its handler was back',
    ],
    ['the end of the process', 'if (state.bars === 5) process.exit(0)', 'it called process.exit'],
  ]
  test.each(later)('%s of a handler that fails when it is back is named with its line', async (name, code, value) => {
    const file = `late-${name.replaceAll(' ', '-')}`
    const strategy = bench.strategy(file, code)
    const before = existsSync(bench.runs) ? readdirSync(bench.runs) : []
    await expect(written({ strategy, parameters: {} })).rejects.toMatchObject({
      code: 'strategy_failed',
      field: `${file}.ts:15`,
      value: expect.stringContaining(value),
    })
    expect(existsSync(bench.runs) ? readdirSync(bench.runs) : []).toEqual(before)
  })

  test('a timer that does not come back is ended, one that does no harm changes nothing', async () => {
    const hangs = bench.strategy('hangs', 'if (state.bars === 5) setTimeout(() => { for (;;); }, 0)')
    await expect(written({ strategy: hangs, parameters: {} }, { handlerMsMax: 300 })).rejects.toMatchObject({
      code: 'endless',
      value: expect.stringContaining('a timer or a promise of it'),
    })
    const ticks = bench.strategy('ticks', 'if (state.bars === 5) setInterval(() => {}, 10)')
    expect((await written({ strategy: ticks, parameters: {} })).record.complete).toBe(true)
  })

  test('a quantity below the lot is counted under its reason', async () => {
    const strategy = bench.strategy('tiny', 'if (state.bars === 5) ctx.buy({ quantity: 0.001 })')
    const { record } = await written({ strategy, parameters: {} })
    expect(record.refused).toEqual({ quantity_below_lot: 1 })
    expect(record.counts.orders).toBe(0)
  })
})
