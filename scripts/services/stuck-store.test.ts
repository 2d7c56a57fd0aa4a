import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { expect, test, vi } from 'vitest'
import { stopWhenStuck } from './stuck-store.ts'

// The very words of nats-server 2.15.1.
const STUCK =
  "JetStream stream '$G > KV_actors' write error: write store/jetstream/$G/streams/KV_actors/msgs/1.blk: no space left on device"

test('a server that refuses writes though there is space is stopped once; one that is ill otherwise is left alone', async () => {
  let error: string | undefined = 'JetStream is not current'
  let looks = 0
  const monitor = createServer((_, response) => {
    looks += 1
    response.writeHead(error === undefined ? 200 : 503).end(JSON.stringify({ status: 'unavailable', error }))
  }).listen(0, '127.0.0.1')
  await once(monitor, 'listening')
  const ended = Promise.withResolvers<string>()
  const stop = vi.fn(async () => ended.resolve('nats ended'))
  const said: string[] = []
  const monitorUrl = `http://127.0.0.1:${(monitor.address() as AddressInfo).port}`
  try {
    stopWhenStuck(
      { ended: ended.promise, stop },
      { monitorUrl, folder: tmpdir(), say: (line) => said.push(line), lookMs: 20 },
    )
    await vi.waitFor(() => expect(looks).toBeGreaterThan(2))
    expect(stop).not.toHaveBeenCalled()
    error = STUCK
    await vi.waitFor(() => expect(stop).toHaveBeenCalled())
    await ended.promise
    expect(stop).toHaveBeenCalledTimes(1)
    expect(said).toEqual([expect.stringContaining('refuses writes since the disk was full')])
  } finally {
    monitor.close()
    monitor.closeAllConnections()
  }
})
