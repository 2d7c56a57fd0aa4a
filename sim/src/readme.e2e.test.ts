import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { deployDemo } from '../../scripts/platform/demo.ts'
import { root, startTestPlatform } from './testing/platform.ts'
import type { TestPlatform } from './testing/platform.ts'

/** The README is a promise: each command in its `sh` blocks is run as printed, in order, against the whole platform. */
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) =>
  (block[1] as string).split('\n').filter((line) => line.startsWith('npx contrail ')),
)
const strategyFile = path.join(root, 'strategies', 'my-first.ts')
const removeOwn = () =>
  [strategyFile, strategyFile.replace('.ts', '.test.ts'), path.join(root, 'tear-sheet.html')].forEach((file) =>
    rmSync(file, { force: true }),
  )
let world: TestPlatform

beforeAll(async () => {
  removeOwn()
  world = await startTestPlatform()
  await deployDemo(world.platform)
}, 120_000)
afterAll(async () => {
  removeOwn()
  await world.stop()
}, 60_000)

/** What a reader would wait for before going on to the next line. */
const UNTIL: Readonly<Record<string, RegExp>> = {
  'npx contrail strategies': /my-first\s.*\b(started|warmed_up|checkpointed)\b/,
  'npx contrail trades --strategy my-first': /my-first-\d+-0/,
  'npx contrail positions --strategy my-first': /BTC-USDT/,
  'npx contrail replay my-first': /0 differing decisions/,
  'npx contrail data list': /BTC-USDT/,
  'npx contrail backtest my-first': /Trades +[1-9]/,
  'npx contrail runs list': /my-first/,
}
const WAIT_MS = 90_000

const words = (command: string): string[] =>
  [...command.slice('npx contrail '.length).matchAll(/"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? (match[2] as string),
  )

describe('README', () => {
  test('it has commands to run', () => expect(commands.length).toBeGreaterThan(10))

  for (const command of commands)
    test(
      command,
      async () => {
        const wanted = UNTIL[command]
        const run = async () => {
          const { code, out, err } = await world.cli(...words(command))
          // Progress and the place of what was made go to stderr; a fault does not leave with 0.
          expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
          if (wanted) expect(out).toMatch(wanted)
        }
        await (wanted || command.includes('explain') ? vi.waitFor(run, { timeout: WAIT_MS, interval: 500 }) : run())
      },
      WAIT_MS + 10_000,
    )

  test('the strategy it prints is one', async () => {
    const printed = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] as string
    const file = path.join(root, 'strategies', 'my-first.ts')
    writeFileSync(file, printed)
    const { code, out } = await world.cli('start', 'my-first', '--as', 'printed', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ definition: 'above-average', desired: 'running' })
  })

  test('every file it points to is there', () => {
    const files = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] as string)
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([])
    expect(files.length).toBeGreaterThan(4)
  })

  test('every script it names is in package.json', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] as string)
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })
})
