import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleModule, inspectBundle, openBundler } from './bundle.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bundle-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const place = path.join(folder, name)
  writeFileSync(place, text)
  return place
}
const probe = '(module, question) => ({ name: module.default.name, question })'

test('a module and what it imports become one text, and its default export can be asked', async () => {
  file('part.ts', 'export const name: string = "crossing"')
  const bundle = await bundleModule(file('whole.ts', 'import { name } from "./part.ts"\nexport default { name }'))
  expect(bundle.text).not.toContain('import')
  expect(await inspectBundle(bundle.text, probe, 7)).toEqual({ name: 'crossing', question: 7 })
})

test('the same source gives the same hash wherever the process was started', () => {
  // With all that strategies share: also what of it is CommonJS.
  const entry = file('started.ts', 'import { defineStrategy } from "@contrail/trading"\nexport default defineStrategy')
  const url = JSON.stringify(pathToFileURL(path.join(import.meta.dirname, 'bundle.ts')).href)
  const script = `import(${url}).then(async (one) => console.log((await one.bundleModule(${JSON.stringify(entry)})).sha256))`
  const [first, second] = [folder, import.meta.dirname].map((cwd) =>
    spawnSync(process.execPath, ['--eval', script], { cwd, encoding: 'utf8', env: {} }).stdout.trim(),
  )
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(second).toBe(first)
})

test('the same source gives the same hash wherever it lies', async () => {
  const first = await bundleModule(file('same.ts', 'export default { name: "x" }'))
  const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'bundle-elsewhere-'))
  writeFileSync(path.join(elsewhere, 'same.ts'), 'export default { name: "x" }')
  const second = await bundleModule(path.join(elsewhere, 'same.ts'))
  rmSync(elsewhere, { recursive: true })
  expect(second.sha256).toBe(first.sha256)
})

test('a syntax error names file and line', async () => {
  await expect(bundleModule(file('bad.ts', 'export default {\n name: \n}'))).rejects.toMatchObject({
    code: 'does_not_compile',
    field: 'bad.ts:3',
  })
})

test('a platform module is refused', async () => {
  await expect(bundleModule(file('io.ts', 'import fs from "node:fs"\nexport default fs'))).rejects.toMatchObject({
    code: 'does_not_compile',
  })
})

test('a module that throws when loaded is refused with its words', async () => {
  const bundle = await bundleModule(file('throws.ts', 'throw new Error("no such market")\nexport default {}'))
  await expect(inspectBundle(bundle.text, probe, 0)).rejects.toMatchObject({
    value: expect.stringContaining('no such market'),
  })
})

test('a line of the bundle is known by the author’s file and line, also in a file that it imports', async () => {
  file('thrower.ts', '\n\nexport function fail(): never {\n  throw new Error("here")\n}\n')
  const bundle = await bundleModule(file('caller.ts', 'import { fail } from "./thrower.ts"\nexport default { fail }'))
  const place = file('loaded.mjs', bundle.text)
  const ran = spawnSync(process.execPath, ['--enable-source-maps', '-e', `import(${JSON.stringify(place)}).then((m) => m.default.fail())`], { encoding: 'utf8' }) // prettier-ignore
  expect(ran.stderr).toMatch(/thrower\.ts:4:9/)
})

test('who bundles again gets what has changed, and the files to watch', async () => {
  const part = file('watched-part.ts', 'export const name = "before"')
  const whole = file('watched.ts', 'import { name } from "./watched-part.ts"\nexport default { name }')
  const bundler = await openBundler(whole)
  try {
    const first = await bundler.build()
    expect([...first.files].sort()).toEqual([part, whole].map((one) => realpathSync(one)).sort())
    file('watched-part.ts', 'export const name = "after"')
    expect((await bundler.build()).text).toContain('"after"')
    file('watched-part.ts', 'export const name = ')
    await expect(bundler.build()).rejects.toMatchObject({ code: 'does_not_compile', field: 'watched-part.ts:1' })
  } finally {
    await bundler.close()
  }
})
