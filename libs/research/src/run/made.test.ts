import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { made } from './made.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-made-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
const source = (text: string): string => {
  const file = path.join(folder, 'sources', 'one.ts')
  writeFileSync(file, text)
  return file
}
/** What was made for the how-manieth time. */
const ask = (file: string) =>
  made(
    path.join(folder, 'kept'),
    ['test'],
    () => Promise.resolve({ value: ++count, inputs: [file] }),
    undefined,
    later(),
  )
/** When the files have long been what they are. */
const later = () => Date.now() + 60_000

test('what was made is used again until a file, a setting above it or a name beside it is another', async () => {
  mkdirSync(path.join(folder, 'sources'))
  const file = source('one')
  expect(await ask(file)).toBe(1)
  expect(await ask(file)).toBe(1)
  source('two')
  expect(await ask(file)).toBe(2)
  utimesSync(file, 0, 0)
  expect(await ask(file)).toBe(3)
  writeFileSync(path.join(folder, 'tsconfig.json'), '{}')
  expect(await ask(file)).toBe(4)
  writeFileSync(path.join(folder, 'sources', 'one.tsx'), '')
  expect(await ask(file)).toBe(5)
  expect(await ask(file)).toBe(5)
})

test('what changed while it was made is made again', async () => {
  const file = source('three')
  const fresh = () =>
    made(path.join(folder, 'kept'), ['changing'], () => {
      source('four')
      return Promise.resolve({ value: ++count, inputs: [file] })
    })
  const first = await fresh()
  expect(await fresh()).toBe(first + 1)
})

test('half of a record is no record, and no part of one stays', async () => {
  const file = source('five')
  const first = await ask(file)
  const kept = path.join(folder, 'kept')
  for (const name of readdirSync(kept)) writeFileSync(path.join(kept, name), '{"schema":1,')
  expect(await ask(file)).toBe(first + 1)
  expect(readdirSync(kept).filter((name) => name.endsWith('.part'))).toEqual([])
})
