import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { faultText } from '../services/faults.ts'
import { freePorts } from './free-ports.ts'
import { loadSecrets, sha256Of, tokenFile } from './secrets.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-home-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const load = () => loadSecrets(home, ['orders'], ['engine'])
const file = () => path.join(home, 'secrets.json')

test('secrets are made once, the token with them, and stay', () => {
  const first = load()
  expect(sha256Of(readFileSync(tokenFile(home), 'utf8'))).toBe(first.secrets.adminTokenSha256)
  const again = load()
  expect(again).toEqual({ secrets: first.secrets, firstToken: undefined })
})

test.each(['', '{"half'])('damaged secrets (%j) are one line with a mend, and are left as they are', (text) => {
  load()
  writeFileSync(file(), text)
  const told = (): string => {
    try {
      load()
      return 'nothing'
    } catch (error) {
      return faultText(error)
    }
  }
  expect(told()).toMatch(/^contrail: .*secrets\.json is damaged.* -> put a copy of it back, .*--fresh$/)
  expect(readFileSync(file(), 'utf8')).toBe(text)
})

test('what cannot be written whole leaves what there was', () => {
  const { secrets } = load()
  // A folder in the way of the new file stands for a full disk.
  mkdirSync(`${file()}.new`)
  expect(load).toThrow(/EISDIR/)
  rmSync(`${file()}.new`, { recursive: true })
  expect(load().secrets).toEqual(secrets)
})

test('a damaged book of ports is forgotten', async () => {
  writeFileSync(path.join(home, 'app-ports.json'), 'xx')
  const ports = await freePorts(home, { port: 0 }, () => undefined)
  expect(JSON.parse(readFileSync(path.join(home, 'app-ports.json'), 'utf8'))).toEqual(ports)
})

test('a port that is in use is another one, but not where a person asked for it', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  const said: string[] = []
  const { gateway } = await freePorts(home, { port }, (line) => void said.push(line))
  expect(gateway).not.toBe(port)
  expect(said).toEqual([`port ${port} is in use; gateway takes ${gateway}`])
  const asked = freePorts(home, { port, byHand: true }, () => undefined)
  await expect(asked).rejects.toMatchObject({ code: 'port_in_use', mend: expect.stringContaining('--port') })
  holder.close()
  await once(holder, 'close')
  expect((await freePorts(home, { port, byHand: true }, () => undefined))['gateway']).toBe(port)
})
