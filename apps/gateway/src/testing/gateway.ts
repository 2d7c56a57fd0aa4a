import { connectNats, createLogger, createMetrics, systemClock } from '@contrail/runtime'
import type { Bus, Running } from '@contrail/runtime'
import { startTestNats } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { applyStreams, serverConfig, natsUsers } from '@contrail/nats'
import { newToken } from '../auth/token.ts'
import { configSchema } from '../config.ts'
import type { GatewayInput } from '../config.ts'
import { start } from '../start.ts'
import { INTERNAL_TOKEN } from './stand-in.ts'

export type TestGateway = {
  readonly nats: TestNats
  /** May do anything: publishes what the services would. */
  readonly operator: Bus
  readonly token: string
  readonly url: string
  readonly log: () => string
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A gateway on a real nats-server with the real permissions, before a stand-in for the services. */
export async function startTestGateway(upstreamUrl: string, extra: Partial<GatewayInput> = {}): Promise<TestGateway> {
  const passwords = Object.fromEntries(natsUsers.map((user) => [user, `${user}-password`])) as Record<
    (typeof natsUsers)[number],
    string
  >
  const nats = await startTestNats({ config: (where) => serverConfig({ ...where, passwords }) })
  const urlOf = (user: (typeof natsUsers)[number]) => nats.url.replace('//', `//${user}:${passwords[user]}@`)
  await applyStreams(urlOf('operator'))
  const operator = await connectNats({ url: urlOf('operator'), name: 'test' })
  const { token, sha256 } = newToken()
  const lines: string[] = []
  const log = createLogger({
    name: 'gateway',
    level: 'debug',
    destination: { write: (line: string) => void lines.push(line) },
  })
  let port = 0
  async function launch(): Promise<{ running: Running; bus: Bus }> {
    const config = configSchema.parse({
      natsUrl: urlOf('gateway'),
      host: '127.0.0.1',
      port,
      internalToken: INTERNAL_TOKEN,
      ingestUrl: upstreamUrl,
      engineUrl: upstreamUrl,
      ordersUrl: upstreamUrl,
      portfolioUrl: upstreamUrl,
      strategiesUrl: upstreamUrl,
      gatewayTokenSha256: sha256,
      ...extra,
    })
    const bus = await connectNats({ url: config.natsUrl, name: 'gateway' })
    const running = await start(config, { bus, log, clock: systemClock, metrics: createMetrics() })
    port = Number(new URL(running.url as string).port)
    return { running, bus }
  }
  let current = await launch()
  const end = async () => {
    await current.running.stop()
    await current.bus.close()
  }
  return {
    nats,
    operator,
    token,
    get url() {
      return `http://127.0.0.1:${port}`
    },
    log: () => lines.join(''),
    async restart() {
      await end()
      current = await launch()
    },
    async stop() {
      await end()
      await operator.close()
      await nats.stop()
    },
  }
}
