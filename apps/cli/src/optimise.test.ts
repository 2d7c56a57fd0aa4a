import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const CLI = path.resolve(import.meta.dirname, '../bin/contrail.mjs')
let home: string
let data: string
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-optimise-'))
  data = path.join(home, 'waves.csv')
  // Waves with a little rise: what a crossing can follow.
  const rows = Array.from({ length: 800 }, (_, i) => {
    const price = (at: number): number => 100 + at * 0.02 + 8 * Math.sin(at / 25) + 2 * Math.sin(at / 4)
    const [open, close] = [price(i), price(i + 1)].map((value) => value.toFixed(2)) as [string, string]
    const ends = [Number(open), Number(close)]
    const day = new Date(Date.UTC(2021, 0, 1 + i)).toISOString().slice(0, 10)
    return `${day},${open},${(Math.max(...ends) + 0.5).toFixed(2)},${(Math.min(...ends) - 0.5).toFixed(2)},${close},1000000`
  })
  writeFileSync(data, ['Date,Open,High,Low,Close,Volume', ...rows].join('\n'))
})
afterAll(() => rmSync(home, { recursive: true }))

function run(...words: string[]): Promise<{ code: number; json: Record<string, any>; problems: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, CONTRAIL_HOME: home }
    execFile(process.execPath, [CLI, ...words, '--json'], { env, maxBuffer: 1e8 }, (error, out, problems) => {
      resolve({ code: error ? Number(error.code) : 0, json: JSON.parse(out || '{}') as Record<string, any>, problems })
    })
  })
}
const search = (...words: string[]) => run('optimise', 'sma-cross', '--data', data, '--set', 'quantity=10', ...words)
const SPACE = ['--space', 'fast=2..20', '--space', 'slow=10..80:5']

describe('contrail optimise', () => {
  it('keeps every trial, goes on where it was, and says how far to trust the best', async () => {
    const first = await search(...SPACE, '--trials', '12', '--id', 'one', '--jobs', '2', '--no-report', '--no-plateau')
    expect(first.code).toBe(0)
    expect(first.json).toMatchObject({ study: 'one', ending: 'trials', trials: { kept: 12, before: 0, failed: 0 } })
    const second = await run('optimise', '--resume', 'one', '--trials', '18', '--report', '--plateau')
    expect(second.code).toBe(0)
    expect(second.json).toMatchObject({ study: 'one', trials: { kept: 18, before: 12 } })
    const whole = await search(...SPACE, '--trials', '18', '--no-report', '--no-plateau')
    const bare = ({ top }: Record<string, any>) => top.map(({ number, point, values }: any) => [number, point, values])
    expect(bare(second.json)).toEqual(bare(whole.json))
    const kinds = second.json['sections'].map(({ kind }: { kind: string }) => kind)
    expect(kinds).toEqual(['montecarlo', 'significance', 'deflated-sharpe', 'plateau'])
    const deflated = second.json['sections'].find(({ kind }: { kind: string }) => kind === 'deflated-sharpe')
    expect(deflated.figures.find(({ label }: { label: string }) => label === 'Trials really run').value).toBe(18)
    expect(existsSync(second.json['report'])).toBe(true)
  })

  it.each([
    ['what is both searched and set', ['--space', 'quantity=1..9'], 2, 'usage'],
    ['ends the wrong way round', ['--space', 'fast=9..2'], 2, 'usage'],
    ['an unknown parameter', ['--space', 'fats=2..9'], 3, 'unknown_parameter'],
    ['an unknown metric', ['--objective', 'sharp'], 3, 'unknown_metric'],
    ['a study that is there', [...SPACE, '--id', 'one'], 4, 'already_exists'],
    ['a study that is not', ['--resume', 'none'], 3, 'not_found'],
  ])('%s is refused', async (_what, words, code, refused) => {
    const answer = await search(...words)
    expect(answer.json['error']).toMatchObject({ code: refused })
    expect(answer.code).toBe(code)
  })
})

it('a size of the run goes for its trials, too: an order of them is one lot at least', async () => {
  const words = ['optimise', 'sma-cross', '--data', data, '--space', 'fast=2..20', '--trials', '3', '--no-report']
  const { code, json } = await run(...words, '--sizing', 'all-in')
  expect(code).toBe(0)
  expect(json['top'].length).toBe(3)
  expect(json['fixed'].quantity).toBe(1)
})

it('contrail walkforward trades each window on what was chosen before it', async () => {
  const words = ['walkforward', 'sma-cross', '--data', data, '--set', 'quantity=10', ...SPACE, '--trials', '6']
  const { code, json } = await run(...words, '--windows', '3', '--no-report')
  expect(code).toBe(0)
  expect(json).toMatchObject({ complete: true, trials: 18 })
  expect(json['windows'].length).toBe(3)
  expect(json['section'].tables[0].rows.length).toBe(3)
})

it('contrail walkforward wants rows in each window', async () => {
  const words = ['walkforward', 'sma-cross', '--data', data, '--to', '2021-01-06', '--trials', '2', '--no-report']
  const { code, json } = await run(...words, ...SPACE, '--windows', '6')
  expect([code, json['error'].code]).toEqual([5, 'too_few_rows'])
  expect(json['error'].mend).toContain('fewer windows')
})

it('contrail montecarlo and significance answer twice the same for a seed', async () => {
  const strategy = ['sma-cross', '--data', data, '--set', 'quantity=10', '--no-report']
  const noisy = ['montecarlo', ...strategy, '--noise-runs', '4', '--rounds', '200']
  const [a, b, c] = [await run(...noisy), await run(...noisy), await run(...noisy, '--seed', '2')]
  expect(a.json).toMatchObject({ noise: { rounds: 4, failed: 0, totalReturn: { count: 4 } } })
  expect(b.json).toEqual(a.json)
  expect(c.json['bootstrap']).not.toEqual(a.json['bootstrap'])
  const { json } = await run('significance', ...strategy, '--rounds', '300')
  expect(json).toMatchObject({ rounds: 300 })
  expect(json['pValue']).toBeGreaterThan(0)
})
