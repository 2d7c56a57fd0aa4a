import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort, isPortFree, LOOPBACK, openPortBook } from './ports.ts'

let home: string
let server: Server | undefined
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'contrail-ports-'))
})
afterEach(() => {
  server?.close()
  server = undefined
  rmSync(home, { recursive: true, force: true })
})

const occupy = (port: number): Promise<void> =>
  new Promise((done) => {
    server = createServer().listen({ port, host: LOOPBACK }, () => done())
  })

const silent = (line: string): void => expect.unreachable(line)

test('a warm start takes the ports of the last one', async () => {
  const first = await openPortBook(home, silent).take('nats')
  expect(await openPortBook(home, silent).take('nats')).toBe(first)
})

test('a remembered port that is in use is replaced, and said so', async () => {
  const first = await openPortBook(home, silent).take('nats')
  await occupy(first)
  expect(await isPortFree(first)).toBe(false)
  const said: string[] = []
  const second = await openPortBook(home, (line) => said.push(line)).take('nats')
  expect(second).not.toBe(first)
  expect(said).toEqual([`port ${first} (nats) is in use by another program, taking ${second}`])
  expect(await openPortBook(home, silent).take('nats')).toBe(second)
})

test('a damaged book only costs the old numbers', async () => {
  writeFileSync(join(home, 'ports.json'), '{"nats":')
  expect(await openPortBook(home, silent).take('nats')).toBeGreaterThan(0)
})

test('a free port is free', async () => {
  expect(await isPortFree(await freePort())).toBe(true)
})
