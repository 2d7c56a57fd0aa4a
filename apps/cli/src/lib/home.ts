import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'

/** The clone this CLI belongs to, and its data folder. */
export const root = path.resolve(import.meta.dirname, '../../../..')
export const home = (): string => process.env['CONTRAIL_HOME'] ?? path.join(root, '.contrail')

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

/** The operator's own access to the bus: for replay, which reads streams. */
export function operatorNatsUrl(): string {
  const given = process.env['CONTRAIL_NATS_URL']
  if (given) return given
  const secrets = path.join(home(), 'secrets.json')
  const state = path.join(home(), 'nats-url')
  if (!existsSync(secrets) || !existsSync(state))
    throw refuse('unavailable', 'bus', home(), 'start the platform here (npm start), or set CONTRAIL_NATS_URL')
  const { nats } = JSON.parse(readFileSync(secrets, 'utf8')) as { nats: Record<string, string> }
  const url = new URL(readFileSync(state, 'utf8').trim())
  url.username = 'operator'
  url.password = nats['operator'] ?? ''
  return url.toString().replace(/\/$/, '')
}
