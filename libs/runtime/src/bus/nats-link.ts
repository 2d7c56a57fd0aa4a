import { refuse } from '@contrail/contracts'
import { connect, errors } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { Inbound } from './nats-inbound.ts'

/** Older servers accept fields that they do not enforce. */
const VERSION_MIN = [2, 14] as const
/** How long a service waits for the server at its start. */
const FIRST_CONNECT_MS = 10_000
const FIRST_RETRY_MS = 100
/** One try of a JetStream API request, and all its tries. They only read or are idempotent. */
const API_TRY_MS = 1000
const API_TOTAL_MS = 10_000
const API_RETRY_MS = 50

/** JetStream said no. `code` is its error number, e.g. 10071 for a wrong last sequence. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  constructor(code: number, description: string, subject: string) {
    super(`${description} (${code}) on ${subject}`)
    this.code = code
  }
}
export const STREAM_NOT_FOUND = 10059
export const CONSUMER_NOT_FOUND = 10014
export const MESSAGE_NOT_FOUND = 10037

export type PermissionError = InstanceType<typeof errors.PermissionViolationError>
export type LinkListener = (status: 'connected' | 'disconnected') => void

/** One connection, with what all parts of the bus share: status, JetStream API requests, inbox names. */
export type Link = {
  readonly nc: NatsConnection
  readonly inboxPrefix: string
  /** Undefined: the client reads everything itself. */
  readonly inbound: Inbound | undefined
  connected(): boolean
  onStatus(listener: LinkListener): () => void
  onPermission(listener: (error: PermissionError) => void): void
  inbox(): string
  api<T>(subject: string, body?: unknown): Promise<T>
  untilConnected(timeoutMs: number): Promise<boolean>
}

export async function openLink(options: { url: string; name: string }): Promise<Link> {
  const url = parseUrl(options.url)
  const user = decodeURIComponent(url.username)
  const inboxPrefix = user === '' ? '_INBOX' : `_INBOX_${user}`
  const nc = await firstConnect(options.name, url, user, inboxPrefix)
  const version = nc.info?.version ?? '0'
  if (!versionEnough(version)) {
    await nc.close()
    throw refuse('server_too_old', 'nats-server', version, `install nats-server ${VERSION_MIN.join('.')} or newer`)
  }
  return makeLink(nc, inboxPrefix)
}

function makeLink(nc: NatsConnection, inboxPrefix: string): Link {
  const listeners = new Set<LinkListener>()
  const permission = new Set<(error: PermissionError) => void>()
  let connected = true
  let serial = 0
  const session = Math.random().toString(36).slice(2, 10) + Date.now().toString(36)
  const tell = (status: 'connected' | 'disconnected') => {
    connected = status === 'connected'
    for (const listener of Array.from(listeners)) listener(status)
  }
  void watch()
  async function watch(): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect' || status.type === 'close') tell('disconnected')
      else if (status.type === 'reconnect') tell('connected')
      else if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        for (const listener of permission) listener(status.error)
    }
  }
  const link: Link = {
    nc,
    inboxPrefix,
    inbound: Inbound.of(nc),
    connected: () => connected && !nc.isClosed(),
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onPermission: (listener) => void permission.add(listener),
    inbox: () => `${inboxPrefix}.${session}${(serial++).toString(36)}`,
    api: (subject, body) => apiRequest(link, subject, body),
    untilConnected(timeoutMs) {
      if (link.connected()) return Promise.resolve(true)
      return new Promise((resolve) => {
        const end = (now: boolean) => {
          clearTimeout(timer)
          off()
          resolve(now)
        }
        const timer = setTimeout(() => end(false), timeoutMs)
        const off = link.onStatus((status) => status === 'connected' && end(true))
      })
    },
  }
  return link
}

async function apiRequest<T>(link: Link, subject: string, body?: unknown): Promise<T> {
  const payload = body === undefined ? '' : JSON.stringify(body)
  const deadline = Date.now() + API_TOTAL_MS
  for (;;) {
    try {
      await link.untilConnected(Math.max(1, deadline - Date.now()))
      const reply = await link.nc.request(`$JS.API.${subject}`, payload, { timeout: API_TRY_MS })
      const answer = reply.json<{ error?: { err_code: number; description: string; code: number } }>()
      if (!answer.error) return answer as T
      // 503 = JetStream is not ready yet (it is starting, or elects a leader).
      if (answer.error.code !== 503 || Date.now() > deadline)
        throw new ApiError(answer.error.err_code, answer.error.description, subject)
    } catch (error) {
      if (error instanceof ApiError) throw error
      const denied = permissionIn(error)
      if (denied)
        throw refuse('forbidden', 'subject', denied.subject, 'this NATS user may not do that; see subjects.md')
      if (link.nc.isClosed()) throw new Error('the NATS connection is closed', { cause: error })
      if (Date.now() > deadline) throw new Error(`no answer from JetStream on ${subject}`, { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, API_RETRY_MS))
  }
}

function permissionIn(error: unknown): PermissionError | undefined {
  if (error instanceof errors.PermissionViolationError) return error
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof errors.PermissionViolationError ? cause : undefined
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text)
    if (url.protocol === 'nats:' || url.protocol === 'tls:') return url
  } catch {
    // named below
  }
  throw refuse('invalid', 'CONTRAIL_NATS_URL', '***', 'write it as nats://user:password@host:port')
}

async function firstConnect(name: string, url: URL, user: string, inboxPrefix: string): Promise<NatsConnection> {
  const deadline = Date.now() + FIRST_CONNECT_MS
  const options = {
    servers: `${url.hostname}:${url.port || '4222'}`,
    name,
    inboxPrefix,
    ...(user === '' ? {} : { user, pass: decodeURIComponent(url.password) }),
    ...(url.protocol === 'tls:' ? { tls: {} } : {}),
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 40,
    reconnectJitter: 10,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    pingInterval: 5000,
    maxPingOut: 2,
    timeout: 5000,
  }
  for (;;) {
    try {
      return await connect(options)
    } catch (error) {
      if (error instanceof errors.AuthorizationError)
        throw refuse('unauthorised', 'CONTRAIL_NATS_URL', user || 'no user', 'check the user and password of the URL')
      if (Date.now() > deadline) throw noServer(options.servers, error)
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS))
  }
}

function noServer(address: string, cause: unknown): Error {
  const refusal = refuse('unavailable', 'CONTRAIL_NATS_URL', address, 'start nats-server there, or correct the URL')
  refusal.cause = cause
  return refusal
}

function versionEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1])
}
