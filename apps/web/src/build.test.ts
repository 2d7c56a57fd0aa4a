import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildWeb, INITIAL_GZIP_BYTES_MAX } from './build.ts'
import type { WebBuild } from './build.ts'

let directory: string
let first: WebBuild
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'contrail-web-'))
  first = await buildWeb(directory)
})
afterAll(() => rm(directory, { recursive: true }))

test('the first view is small and the charts come later', async () => {
  console.log(`web: first view ${first.initialGzipBytes} bytes of JavaScript (gzip)`)
  expect(first.cached).toBe(false)
  expect(first.initialGzipBytes).toBeLessThan(INITIAL_GZIP_BYTES_MAX)
  const index = await readFile(path.join(directory, 'index.html'), 'utf8')
  expect(index).not.toMatch(/lightweight-charts|uPlot\.esm/)
})

test('no inline script or style: the content policy forbids both', async () => {
  const index = await readFile(path.join(directory, 'index.html'), 'utf8')
  expect(index).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|style=/)
})

test('names carry the hash of their content', () => {
  for (const file of first.files) expect(file).toMatch(/^(index\.html|assets\/[\w.-]+-[A-Z0-9]{8}\.(js|css|svg))$/)
})

test('no schema of the contracts travels to the browser', async () => {
  const scripts = first.files.filter((file) => file.endsWith('.js'))
  const all = await Promise.all(scripts.map((file) => readFile(path.join(directory, file), 'utf8')))
  expect(all.join('')).not.toContain('ZodObject')
})

test('a second build does nothing; a lost file is made again', async () => {
  const script = path.join(directory, first.files.find((file) => file.endsWith('.js')) as string)
  const before = await stat(script)
  expect(await buildWeb(directory)).toMatchObject({ cached: true, files: first.files })
  expect((await stat(script)).mtimeMs).toBe(before.mtimeMs)
  await rm(script)
  expect(await buildWeb(directory)).toMatchObject({ cached: false })
  await stat(script)
})

test('a damaged record of the build is no reason to stop', async () => {
  await writeFile(path.join(directory, 'build.json'), '{"half')
  expect(await buildWeb(directory)).toMatchObject({ cached: false })
})
