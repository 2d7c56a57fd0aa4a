import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startNats } from './nats.ts'

let folder: string
let storeDir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'contrail-nats-'))
  storeDir = join(folder, 'store')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function publish(url: string, count: number): Promise<void> {
  const connection = await connect({ servers: url })
  await (await jetstreamManager(connection)).streams.add({ name: 'A', subjects: ['a'] })
  const stream = jetstream(connection)
  for (let n = 0; n < count; n++) await stream.publish('a', 'x'.repeat(200))
  await connection.close()
}

async function messages(url: string): Promise<number> {
  const connection = await connect({ servers: url })
  const { state } = await (await jetstreamManager(connection)).streams.info('A')
  await connection.close()
  return state.messages
}

test('a killed server comes back with every acknowledged message and without a false alarm', async () => {
  const first = await startNats({ storeDir })
  await publish(first.url, 50)
  first.kill()
  const second = await startNats({ storeDir })
  expect(await messages(second.url)).toBe(50)
  await second.stop()
})

test('a server that would silently leave out a damaged stream is a fault', async () => {
  const first = await startNats({ storeDir })
  await publish(first.url, 1)
  await first.stop()
  writeFileSync(join(storeDir, 'jetstream', '$G', 'streams', 'A', 'meta.inf'), 'garbage')
  await expect(startNats({ storeDir })).rejects.toMatchObject({ code: 'corrupt_data' })
})
