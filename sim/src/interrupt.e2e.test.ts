import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from '@contrail/runtime/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './testing/platform.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-interrupt-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

test('Ctrl-C while processes are being started stops what there is, and is no fault', async () => {
  const env = { ...process.env, CONTRAIL_HOME: home }
  const boot = spawn(process.execPath, [path.join(root, 'scripts/boot.mjs'), 'start', '--port', '0'], { env })
  let told = ''
  for (const stream of [boot.stdout, boot.stderr]) stream.on('data', (data: Buffer) => (told += data.toString()))
  const ended = once(boot, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const line = 'starting our processes'
  await until(line, () => told.includes(line) || boot.exitCode !== null, 60_000)
  boot.kill('SIGINT')
  expect({ ended: await ended, told }).toEqual({ ended: [0, null], told: expect.stringContaining('stopping;') })
  expect(told).not.toMatch(/error|\n +at /i)
}, 120_000)
