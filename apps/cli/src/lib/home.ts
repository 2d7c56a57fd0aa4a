import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { home, root } from './place.ts'

export { home, root }

export function gatewayUrl(): string {
  const given = process.env['CONTRAIL_URL']
  if (given) return given.replace(/\/$/, '')
  const file = path.join(home(), 'app-ports.json')
  if (!existsSync(file)) throw refuse('unavailable', 'platform', home(), 'start it: npm start')
  const { gateway } = JSON.parse(readFileSync(file, 'utf8')) as { gateway: number }
  return `http://127.0.0.1:${gateway}`
}

export function token(): string {
  const given = process.env['CONTRAIL_TOKEN']
  if (given) return given
  const file = path.join(home(), 'admin-token')
  if (!existsSync(file))
    throw refuse('unauthenticated', 'token', 'nothing', 'start the platform here once, or set CONTRAIL_TOKEN')
  return readFileSync(file, 'utf8').trim()
}

type Connections = { operatorNatsUrl: string; marketDbUrl: string }

/** Direct access of the operator, for what does not go through the gateway: replay reads streams, import writes rows. */
export function connection(name: keyof Connections): string {
  const given = process.env[name === 'marketDbUrl' ? 'CONTRAIL_MARKET_DB_URL' : 'CONTRAIL_NATS_URL']
  if (given) return given
  const file = path.join(home(), 'connections.json')
  if (!existsSync(file)) throw refuse('unavailable', 'platform', home(), 'start it here: npm start')
  return (JSON.parse(readFileSync(file, 'utf8')) as Connections)[name]
}
