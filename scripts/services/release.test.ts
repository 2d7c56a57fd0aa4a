import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchArchive } from './release.ts'

let folder: string
let server: Server
let url: string
let archive: Buffer
let requests = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'contrail-release-'))
  mkdirSync(join(folder, 'made'))
  writeFileSync(join(folder, 'made', 'program'), '#!/bin/sh\necho ran\n', { mode: 0o755 })
  spawnSync('tar', ['-czf', join(folder, 'made.tar.gz'), '-C', folder, 'made/program'])
  archive = readFileSync(join(folder, 'made.tar.gz'))
  server = createServer((request, response) => {
    requests++
    if (request.url === '/made.tar.gz') response.end(archive)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const sha256 = () => createHash('sha256').update(archive).digest('hex')
const member = 'made/program'

test('an archive with the pinned checksum is unpacked once and runs', async () => {
  const where = join(folder, 'good')
  const found = await fetchArchive({ url: `${url}/made.tar.gz`, sha256: sha256(), member }, where)
  expect(found).toEqual({ path: join(where, member) })
  expect(spawnSync(join(where, member), { encoding: 'utf8' }).stdout).toBe('ran\n')
  const before = requests
  await fetchArchive({ url: `${url}/made.tar.gz`, sha256: sha256(), member }, where)
  expect(requests).toBe(before)
})

test('another checksum, a missing file and no server are each refused in words', async () => {
  const where = join(folder, 'bad')
  expect(await fetchArchive({ url: `${url}/made.tar.gz`, sha256: '0'.repeat(64), member }, where)).toMatchObject({
    refused: expect.stringContaining('checksum'),
  })
  expect(await fetchArchive({ url: `${url}/other.tar.gz`, sha256: sha256(), member }, where)).toMatchObject({
    refused: expect.stringContaining('404'),
  })
  expect(await fetchArchive({ url: 'http://127.0.0.1:1/x', sha256: sha256(), member }, where)).toMatchObject({
    refused: expect.stringContaining('failed'),
  })
})
