import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, describeConfig, loadConfig } from './config.ts'

const schema = z.object({
  natsUrl: z.string().describe('where the bus is'),
  tradeDbUrl: z.string().optional(),
  port: z.number().int().min(0).max(65_535).default(0),
  host: z.string().default('127.0.0.1'),
  internalToken: z.string().min(8),
  record: z.boolean().default(false),
  instruments: z.array(z.string()).default([]),
})
const good = { CONTRAIL_NATS_URL: 'nats://engine:hidden@127.0.0.1:4222', CONTRAIL_INTERNAL_TOKEN: 'long-enough-token' }

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ code, field }) => `${code} ${field}`)
    throw error
  }
  return []
}

describe('configuration', () => {
  it('is read by name, with numbers, booleans and lists as the schema wants them', () => {
    const env = { ...good, CONTRAIL_PORT: '8080', CONTRAIL_RECORD: 'true', CONTRAIL_INSTRUMENTS: 'BTC-USDT, ETH-USDT' }
    expect(loadConfig(schema, { ...env, PATH: '/bin', CONTRAIL_HOST: '' })).toEqual({
      natsUrl: good.CONTRAIL_NATS_URL,
      internalToken: 'long-enough-token',
      port: 8080,
      host: '127.0.0.1',
      record: true,
      instruments: ['BTC-USDT', 'ETH-USDT'],
    })
  })

  it('tells all errors at once, each with its field', () => {
    const env = {
      CONTRAIL_INTERNAL_TOKEN: 'short',
      CONTRAIL_PORT: '80000',
      CONTRAIL_RECORD: 'maybe',
      CONTRAIL_PROT: '1',
    }
    expect(problemsOf(env).sort()).toEqual([
      'invalid CONTRAIL_INTERNAL_TOKEN',
      'invalid CONTRAIL_PORT',
      'invalid CONTRAIL_RECORD',
      'missing CONTRAIL_NATS_URL',
      'unknown_key CONTRAIL_PROT',
    ])
  })

  it('names the key that was meant, and never a secret', () => {
    const env = { ...good, CONTRAIL_NATS_ULR: 'nats://a:b@c', CONTRAIL_INTERNAL_TOKEN: 'tiny' }
    const error = (() => {
      try {
        return JSON.stringify(loadConfig(schema, env))
      } catch (thrown) {
        return (thrown as Error).message
      }
    })()
    expect(error).toContain('did you mean CONTRAIL_NATS_URL?')
    expect(error).not.toContain('tiny')
    expect(error).not.toContain('a:b@c')
  })

  it('leaves alone what other services know, and refuses what nobody does', () => {
    expect(
      problemsOf({ ...good, CONTRAIL_USER_DB_URL: 'x', CONTRAIL_ORDERS_URL: 'y', CONTRAIL_GATEWAY_LIMIT: '1' }),
    ).toEqual([])
    expect(problemsOf({ ...good, CONTRAIL_FOO_BAR_BAZ: 'x' })).toEqual(['unknown_key CONTRAIL_FOO_BAR_BAZ'])
  })

  it('is described without secrets', () => {
    const config = loadConfig(schema, { ...good, CONTRAIL_TRADE_DB_URL: 'postgres://orders:pw@127.0.0.1/trade' })
    expect(describeConfig(config, schema)).toMatchObject({
      natsUrl: 'nats://engine:***@127.0.0.1:4222',
      tradeDbUrl: 'postgres://orders:***@127.0.0.1/trade',
      internalToken: '***',
      port: 0,
    })
  })
})
