import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Redis } from 'ioredis'
import { sha256Field, refuse } from '@contrail/contracts'
import { listen } from '@contrail/runtime'
import type { Running, ServiceContext } from '@contrail/runtime'
import type { Hono } from 'hono'
import { createSessions } from './auth/sessions.ts'
import { sessionStore } from './auth/stores.ts'
import type { GatewayConfig } from './config.ts'
import { createApp, mountRoute } from './http/app.ts'
import { loadAssets, serveAssets } from './http/assets.ts'
import type { GatewayEnv } from './http/environment.ts'
import { createIdempotency } from './http/idempotency.ts'
import { createLimits } from './http/limits.ts'
import { openApi } from './openapi.ts'
import type { RouteContext } from './routes/kit.ts'
import { ROUTES } from './routes/table.ts'
import { createStatus, equityPoll, statusPoll } from './status.ts'
import { createStreams } from './stream/server.ts'
import type { Streams } from './stream/server.ts'
import { parseInstruments, parseTopics } from './stream/topics.ts'
import { createUpstream } from './upstream.ts'

export const VERSION = '0.1.0'
/** Where the image holds the page. */
const WEB_DIR = path.resolve(import.meta.dirname, '../../web/dist')

export async function start(config: GatewayConfig, context: ServiceContext): Promise<Running> {
  const { clock, log, metrics, bus } = context
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log)
  const upstream = createUpstream(
    {
      ingest: config.ingestUrl,
      engine: config.engineUrl,
      orders: config.ordersUrl,
      portfolio: config.portfolioUrl,
      strategies: config.strategiesUrl,
    },
    config.internalToken,
  )
  const status = createStatus({ upstream, bus, clock, halts: () => streams.tables.halts(), version: VERSION })
  const streams = createStreams(context, [statusPoll(status), equityPoll(upstream, config.account)])
  const app = createApp({
    ...(await doors(config, context, redis)),
    log,
    metrics,
    ready: () => notReady(bus.connected),
  })
  const routeContext: Parameters<typeof mountRoute>[2] = (asker): RouteContext => ({
    ...asker,
    upstream,
    bus,
    log,
    clock,
    account: config.account,
    status,
  })
  const idempotency = createIdempotency(clock, redis)
  for (const route of ROUTES) mountRoute(app, route, routeContext, idempotency)
  const document = JSON.stringify(openApi(ROUTES, VERSION))
  app.get('/v1/openapi.json', (c) => c.body(document, 200, { 'content-type': 'application/json' }))
  mountStream(app, streams)
  const web = config.gatewayWebDir ?? (existsSync(WEB_DIR) ? WEB_DIR : undefined)
  if (web !== undefined) serveAssets(app, await loadAssets(web))
  else log.warn('there is no built page: only the API is served')
  await streams.start()
  const server = await listen(app as unknown as Hono, { host: config.host, port: config.port })
  log.info({ url: server.url }, 'gateway listens')
  return {
    name: 'gateway',
    url: server.url,
    async stop() {
      await streams.stop()
      await server.close()
      redis?.disconnect()
    },
  }
}

async function doors(config: GatewayConfig, { clock, log, metrics }: ServiceContext, redis: Redis | undefined) {
  const https = config.gatewayPublicUrl?.startsWith('https:') ?? false
  const warn = (text: string, error: unknown) => log.warn({ err: error }, text)
  const store = await sessionStore(config.gatewaySessionFile, redis, warn)
  const outcomes = metrics.counter('gateway_auth_total', 'How requests were let in, or not', ['outcome'])
  const names = ['127.0.0.1', 'localhost', '[::1]', config.host]
  if (config.gatewayPublicUrl !== undefined) names.push(new URL(config.gatewayPublicUrl).hostname)
  return {
    https,
    guard: {
      adminTokenSha256: await tokenHash(config),
      sessions: createSessions(clock, store),
      limits: createLimits(redis),
      cookieName: https ? '__Host-contrail_session' : 'contrail_session',
      hosts: new Set(names),
      count: (outcome: string) => outcomes.inc({ outcome }),
    },
  }
}

/** No token, no door: there is no default. */
async function tokenHash(config: GatewayConfig): Promise<string> {
  const given = config.gatewayTokenSha256
  if (given !== undefined) return given
  const file = config.gatewayTokenFile
  if (file === undefined)
    throw refuse('missing', 'CONTRAIL_GATEWAY_TOKEN_SHA256', 'nothing', 'set it, or CONTRAIL_GATEWAY_TOKEN_FILE')
  const text = await readFile(file, 'utf8').catch(() => {
    throw refuse('unreadable', 'CONTRAIL_GATEWAY_TOKEN_FILE', file, 'give a file that holds the hash of the token')
  })
  const hash = sha256Field.safeParse(text.trim())
  if (!hash.success) throw refuse('invalid', 'CONTRAIL_GATEWAY_TOKEN_FILE', file, 'it must hold 64 hex digits')
  return hash.data
}

function connectRedis(url: string, log: ServiceContext['log']): Redis {
  // Fails at once while it is away: every use has a fallback and must not wait.
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, connectTimeout: 2000 })
  let said = false
  redis.on('error', (error: Error) => {
    if (!said) log.warn({ err: error }, 'Redis is away: sessions and limits are kept in memory')
    said = true
  })
  redis.on('ready', () => (said = false))
  return redis
}

function mountStream(app: Hono<GatewayEnv>, streams: Streams): void {
  app.get('/v1/stream', (c) => {
    const body = streams.open({
      principal: c.get('principal'),
      topics: parseTopics(c.req.query('topics')),
      instruments: parseInstruments(c.req.query('instruments')),
      lastEventId: c.req.header('last-event-id') ?? c.req.query('lastEventId'),
    })
    return c.body(body, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  })
}

const notReady = (connected: boolean): string[] => (connected ? [] : ['the bus is not connected'])
