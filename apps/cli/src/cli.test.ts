import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bundleModule, inspectBundle } from '@contrail/runtime/bundle'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALIASES } from './lib/aliases.ts'
import { closest } from './lib/closest.ts'
import { parameters } from './lib/parameters.ts'
import { exitOf } from './lib/run.ts'
import { scopeOf } from './lib/scope.ts'
import { template, TEMPLATES } from './lib/templates.ts'
import { contrailWith } from './testing/program.ts'

const commands = readdirSync(path.join(import.meta.dirname, 'commands')).map((file) => file.replace('.ts', ''))
let home: string
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-cli-'))
})
afterAll(() => rmSync(home, { recursive: true }))

const contrail = (...args: string[]) => contrailWith({ CONTRAIL_HOME: home }, args)

test('the help names every command there is', async () => {
  const { code, out } = await contrail('--help')
  expect(code).toBe(0)
  for (const command of commands) expect(out).toContain(command)
})

test.each(commands)('%s --help tells of --json', async (command) => {
  const { code, out } = await contrail(command, '--help')
  expect({ code, json: out.includes('--json') }).toEqual({ code: 0, json: true })
})

test('a slip of the hand is answered with the nearest command and exit code 2', async () => {
  expect(await contrail('ordrs')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean orders?') })
})

test('a name of another system stands for the command here', async () => {
  for (const [name, [command]] of Object.entries(ALIASES)) {
    expect(commands).toContain(command)
    expect(commands).not.toContain(name)
  }
  const [listed, same] = [await contrail('list-data', '--json'), await contrail('data', 'list', '--json')]
  expect([listed.code, listed.out]).toEqual([0, same.out])
  expect((await contrail('optimize', '--help')).out).toContain('Search parameters')
})

test('an unknown option is refused by name', async () => {
  expect(await contrail('orders', '--colour', 'red')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--colour'),
  })
})

test('without a platform the mend is said, in words and as JSON, and no stack is shown', async () => {
  const words = await contrail('orders')
  expect(words).toMatchObject({ code: 6, err: expect.stringContaining('npm start') })
  expect(words.err).not.toContain('    at ')
  const { out } = await contrail('orders', '--json')
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'unavailable', field: 'platform' } })
})

describe('parts', () => {
  test('exit codes follow the kind of refusal', () => {
    const codes = ['not_found', 'unauthorised', 'conflict', 'unavailable', 'invalid_decimal', 'trading_halted']
    expect(codes.map(exitOf)).toEqual([3, 7, 4, 6, 2, 5])
  })

  test('parameters are typed by their look', () => {
    expect(parameters('fast=5,instrument=ETH-USDT,exact=true')).toEqual({
      fast: 5,
      instrument: 'ETH-USDT',
      exact: true,
    })
    expect(() => parameters('fast')).toThrow(/write name=value/)
  })

  test('a kill switch takes exactly one scope', () => {
    expect(scopeOf({ strategy: 's1' })).toBe('strategy.s1')
    expect(() => scopeOf({})).toThrow(/give one of/)
    expect(() => scopeOf({ all: true, account: 'paper' })).toThrow(/platform account.paper/)
  })

  test('the nearest name is offered only when it is near', () => {
    expect(closest('positons', commands)).toBe('positions')
    expect(closest('xyzzy', commands)).toBeUndefined()
  })

  test.each([...TEMPLATES])('template %s is a strategy that loads', async (name) => {
    const file = path.join(path.resolve(import.meta.dirname, '..'), `template-${name}.ts`)
    writeFileSync(file, template(name, 'my-own').strategy)
    try {
      const { text } = await bundleModule(file)
      const probe =
        '(module) => ({ name: module.default.name, inputs: module.default.inputs(module.default.parameters.parse({})) })'
      expect(await inspectBundle(text, probe, 0)).toMatchObject({
        name: 'my-own',
        inputs: expect.arrayContaining([expect.objectContaining({ instrument: 'BTC-USDT' })]),
      })
    } finally {
      rmSync(file)
    }
  })
})
