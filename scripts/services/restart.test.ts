import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { defaultNatsConfig, startServices, temporaryHome } from './index.ts'

const WAIT = { timeout: 20_000, interval: 50 }
type Pid = { name: string; pid: number }

test('a service that was killed is started again on its own port; asked to stop, it stays down', async () => {
  const { home, remove } = await temporaryHome('test', () => undefined)
  const said: string[] = []
  const services = await startServices({
    home,
    natsConfig: defaultNatsConfig,
    postgresPassword: 'only-for-this-test',
    redis: false,
    timescale: false,
    durable: false,
    restart: true,
    say: (line) => said.push(line),
  })
  try {
    const pids = JSON.parse(readFileSync(join(home, 'pids.json'), 'utf8')) as Pid[]
    const nats = pids.find(({ name }) => name === 'nats')
    process.kill(nats?.pid as number, 'SIGKILL')
    await vi.waitFor(() => expect(said.join('\n')).toMatch(/nats ended .*; starting it again/), WAIT)
    await vi.waitFor(async () => expect((await fetch(`${services.natsMonitorUrl}/healthz`)).ok).toBe(true), WAIT)
  } finally {
    await services.stop()
    remove()
  }
  await expect(fetch(`${services.natsMonitorUrl}/healthz`)).rejects.toThrow()
}, 60_000)
