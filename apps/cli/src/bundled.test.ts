import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contrailWith } from './testing/program.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-bundled-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const contrail = (...args: string[]) => contrailWith({ CONTRAIL_HOME: home }, args)
const kept = path.join('cache', 'commands')
const names = (): string[] => readdirSync(path.join(home, kept))
const lengthOf = (name: string): number => readFileSync(path.join(home, kept, name), 'utf8').length

test('a command says the same from its sources and from what was kept of them, until a byte of that is another', async () => {
  const file = path.join(home, 'wave.csv')
  const lines = Array.from({ length: 300 }, (_, row) => {
    const price = (100 + 8 * Math.sin(row / 9)).toFixed(2)
    return `${new Date(Date.UTC(2024, 0, 1, row)).toISOString()},${price},${price},${price},${price},10`
  })
  writeFileSync(file, ['date,open,high,low,close,volume', ...lines].join('\n'))
  const run = async () => {
    const flags = ['--data', file, '--instrument', 'BTC-USDT', '--lot', '0.001', '--set', 'fast=3,slow=9,quantity=1']
    const { code, out, err } = await contrail('backtest', 'sma-cross', ...flags, '--json')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const { id: _, createdAt: __, timing: ___, folder: ____, ...same } = JSON.parse(out)
    return same
  }
  const first = await run()
  expect(first.trades.length).toBeGreaterThan(0)
  const record = names().find((name) => name.endsWith('.json')) as string
  expect(await run()).toEqual(first)
  expect((await contrail('backtest', '--help')).code).toBe(0)
  expect((await contrail('backtest')).code).toBe(2)
  expect((await contrail('backtest', 'no-such')).code).toBe(3)
  const tick = ['backtest', 'sma-cross', '--data', file, '--instrument', 'BTC-USDT', '--tick', '0']
  const refused = await contrail(...tick)
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('tickSize') })

  // What is kept of sources that are no more goes, when it is a day old.
  const old = path.join(home, kept, 'judge-OLD.mjs')
  writeFileSync(old, '')
  utimesSync(old, new Date(0), new Date(0))
  const young = path.join(home, kept, 'judge-YOUNG.mjs')
  writeFileSync(young, '')

  const chunk = names().find((name) => /^judge-(?!OLD|YOUNG)/.test(name)) as string
  const length = lengthOf(chunk)
  appendFileSync(path.join(home, kept, chunk), 'throw new Error("not what was kept")')
  expect(await run()).toEqual(first)
  expect(lengthOf(chunk)).toBe(length)
  expect([existsSync(old), existsSync(young)]).toEqual([false, true])
  appendFileSync(path.join(home, kept, chunk), ' ')
  expect(await contrail(...tick)).toEqual(refused)
  expect(names()).toContain(record)
})
