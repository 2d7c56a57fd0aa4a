import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBrowser, launchBrowser } from '../../../../apps/web/src/testing/browser.ts'
import { METRIC_NAMES } from '../metrics/catalogue.ts'
import { performRun } from '../run/perform.ts'
import type { RunOutcome } from '../run/types.ts'
import { makeBench } from '../testing/runs.ts'
import type { Bench } from '../testing/runs.ts'
import { pageParts } from './bundle.ts'
import { duration, money, percent, plain } from './format.ts'
import { escape } from './markup.ts'
import { renderReport } from './render.ts'
import { bucketExtremes, everyNth } from './thin.ts'

/** A file that is sent by mail. */
const BYTES_MAX = 1_500_000
const found = await findBrowser()

let bench: Bench
let run: RunOutcome
let browser: Browser | undefined
const html = (): string => readFileSync(path.join(run.folder as string, 'report.html'), 'utf8')
beforeAll(async () => {
  bench = makeBench()
  run = await performRun(
    {
      strategy: 'sma-cross',
      parameters: { fast: 3, slow: 9, quantity: 1 },
      data: {
        kind: 'files',
        files: [bench.candles('BTCUSDT-1h.csv', 3000)],
        options: { instrument: 'BTC-USDT', lotSize: '0.01' },
      },
      cash: 10_000,
    },
    { directory: bench.runs },
  )
  if (found) browser = await launchBrowser(found)
}, 60_000)
afterAll(async () => {
  await browser?.close()
  bench.clear()
})

describe('the tear sheet', () => {
  test('is one file below its limit that asks for nothing outside', () => {
    const text = html()
    expect(Buffer.byteLength(text)).toBeLessThan(BYTES_MAX)
    expect(text).toContain("default-src 'none'")
    expect(text.match(/(?:src|href)="(?!#|data:)[^"]*"/g)).toBeNull()
  })

  test('says assumptions, gaps and the convention, and every figure as run.json has it', () => {
    const text = html()
    const { record } = run
    for (const id of ['assumptions', 'gaps', 'months', 'costs', 'metrics', 'origin', 'study-montecarlo'])
      expect(text).toContain(`<section id="${id}"`)
    expect(text).toContain('All by the convention <b>contrail</b>')
    for (const name of METRIC_NAMES)
      expect(text).toContain(`data-metric="${name}" data-value="${record.metrics[name]}"`)
    expect(text).toContain(record.decisionsSha256)
  })

  test('stays below its limit with as much as it may hold', async () => {
    const { record, result } = run
    const bars = Array.from({ length: 1600 }, (_, i) => 100.123456 + i)
    const trade = result.trades[0] as (typeof result.trades)[number]
    const text = renderReport(
      record,
      {
        curve: {
          timeUs: Array.from({ length: 1802 }, (_, i) => 1.7e15 + i * 1e9),
          equity: Array.from({ length: 1802 }, () => 12345.67891),
          drawdown: Array.from({ length: 1802 }, () => -0.123456),
          exposure: Array.from({ length: 1802 }, () => 12345.678),
          hold: Array.from({ length: 1802 }, () => 12345.678),
        },
        months: Array.from({ length: 600 }, (_, i) => ({
          year: 1970 + Math.floor(i / 12),
          month: (i % 12) + 1,
          value: 0.1,
        })),
        rolling: { window: 90, timeUs: bars, sharpe: bars },
        distribution: { of: 'days', edges: bars.slice(0, 42), counts: bars.slice(0, 41) },
        drawdowns: [],
        bars: [
          { instrument: 'sim BTC-USDT', timeframe: '1h', openUs: bars, open: bars, high: bars, low: bars, close: bars },
        ],
        trades: Array.from({ length: 1500 }, () => trade),
        instruments: [],
        pnlMonths: Array.from({ length: 600 }, (_, i) => ({
          name: `${i}`,
          trades: 1,
          wins: 1,
          pnl: 1.23456,
          fees: 0,
          funding: 0,
        })),
        reasons: [],
        sides: [],
      },
      run.sections,
      await pageParts(),
    )
    expect(Buffer.byteLength(text)).toBeLessThan(BYTES_MAX)
  })

  test('text of a stranger is never markup', () => {
    expect(escape('<img src=x onerror="alert(1)">')).not.toContain('<')
    const text = renderReport(
      { ...run.record, strategy: { ...run.record.strategy, name: '</script><b>x', description: '' } },
      { ...JSON.parse(readFileSync(path.join(run.folder as string, 'chart.json'), 'utf8')) },
      [],
      { script: '', style: '' },
    )
    expect(text).not.toContain('<b>x')
  })

  for (const width of [1440, 390])
    test.skipIf(!found)(
      `opens offline at ${width} px with every chart drawn and nothing said in the console`,
      async () => {
        const context = await (browser as Browser).newContext({ viewport: { width, height: 900 }, offline: true })
        const page = await context.newPage()
        const said: string[] = []
        page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
        page.on('pageerror', (error) => said.push(error.message))
        page.on('request', (asked) => {
          if (!/^(file|data):/.test(asked.url())) said.push(asked.url())
        })
        await page.goto(pathToFileURL(path.join(run.folder as string, 'report.html')).href)
        await page.waitForSelector('html[data-drawn]')
        const seen = await page.evaluate(() => ({
          empty: document.querySelectorAll('.chart.empty').length,
          wanted: document.querySelectorAll('[data-chart]').length,
          canvases: document.querySelectorAll('[data-chart] canvas').length,
          wide: document.documentElement.scrollWidth,
          sharpe: document.querySelector('.key [data-metric="sharpe"]')?.textContent,
        }))
        expect(seen).toEqual({
          empty: 0,
          wanted: seen.wanted,
          canvases: seen.wanted,
          wide: width,
          sharpe: plain(run.record.metrics.sharpe),
        })
        expect(seen.wanted).toBeGreaterThan(8)
        await page.click('#theme')
        expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
        expect(said).toEqual([])
        await context.close()
      },
      60_000,
    )
})

describe('parts', () => {
  test('numbers for people', () => {
    expect([percent(4.142299), percent(-0.4798012), percent(null)]).toEqual(['414.23 %', '−47.98 %', '–'])
    expect([money(51422.98999), money(-0.001), money(0)]).toEqual(['51,422.99', '−0.001', '0.00'])
    expect([duration(0), duration(90e6), duration(3 * 86_400e6), duration(null)]).toEqual(['0', '90 s', '3 days', '–'])
  })
  test('a thinned curve keeps its ends and its extremes', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i === 4321 ? 99 : i === 7777 ? -99 : Math.sin(i)))
    const rows = bucketExtremes(values, 100)
    expect(rows.length).toBeLessThanOrEqual(202)
    for (const kept of [0, 4321, 7777, 9999]) expect(rows).toContain(kept)
    expect(rows.toSorted((a, b) => a - b)).toEqual(rows)
    expect(everyNth(10, 4)).toEqual([0, 3, 6, 9])
  })
})
