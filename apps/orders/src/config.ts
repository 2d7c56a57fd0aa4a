import { accountField, check, tenantField } from '@contrail/contracts'
import type { AccountId, TenantId } from '@contrail/contracts'
import { LIMITS_DEFAULT, NOTIONAL_CEILING } from '@contrail/trading'
import type { Limits, LimitTable } from '@contrail/trading'
import { z } from 'zod'

export const configSchema = z.strictObject({
  tradeDbUrl: z.string().describe('the trade database, with the role of this service'),
  host: z.string().default('127.0.0.1'),
  port: z.number().int().min(0).max(65_535).default(0),
  internalToken: z.string().min(16).describe('what services show each other').meta({ secret: true }),
  tenant: z.string().default('main'),
  account: z.string().default('paper'),
  ingestUrl: z.string().optional().describe('where instruments are looked up'),
  ordersAccounts: z.array(z.string()).default([]).describe('further paper accounts, besides `account`'),
  /** A restart under the same name takes its lease back at once; another name waits until the lease has run out. */
  ordersInstance: z.string().default('orders'),
  /** `market`: a recorded market that plays at any speed; its own time then says what is stale. */
  ordersStaleClock: z.enum(['wall', 'market']).default('wall'),
  ordersLatencyMs: z.number().min(0).max(60_000).default(0).describe('of the paper venue, in event time'),
  ordersLiquidity: z.enum(['quoted', 'unlimited']).default('quoted'),
  ordersReconcileMs: z.number().int().min(50).default(5000),
  ordersLeaseMs: z.number().int().min(500).default(15_000),
  /** Only for test servers: one that may lose what it acknowledged is refused otherwise. */
  ordersAllowUnsafePostgres: z.boolean().default(false),
  /** JSON: scope -> limits, e.g. `{"platform":{"notionalMax":5000},"strategy.s1":{"strategyPerSecond":1}}`. */
  ordersLimits: z.string().default('{}'),
})
export type Config = z.infer<typeof configSchema>

const limitNames = Object.keys(LIMITS_DEFAULT) as (keyof Limits)[]
const limitsSchema = z.strictObject(
  Object.fromEntries(limitNames.map((name) => [name, z.number().nonnegative().optional()])) as Record<
    keyof Limits,
    z.ZodOptional<z.ZodNumber>
  >,
)
const scopePattern = /^(platform|tenant\.[\w-]+|account\.[\w-]+|strategy\.[\w-]+|instrument\.[\w-]+\.[\w-]+)$/
const tableSchema = z.record(
  z.string().regex(scopePattern),
  limitsSchema.refine((limits) => (limits.notionalMax ?? 0) <= NOTIONAL_CEILING, {
    message: `notionalMax is at most ${NOTIONAL_CEILING}`,
  }),
)

export type Settings = {
  readonly tenant: TenantId
  readonly accounts: readonly AccountId[]
  readonly limits: LimitTable
}

/** The second type, once text is settled. */
export function settingsOf(config: Config): Settings {
  let limits: unknown
  try {
    limits = JSON.parse(config.ordersLimits)
  } catch {
    limits = config.ordersLimits
  }
  const accounts = new Set([config.account, ...config.ordersAccounts])
  return {
    tenant: check(tenantField, config.tenant, 'CONTRAIL_TENANT'),
    accounts: [...accounts].map((account) => check(accountField, account, 'CONTRAIL_ACCOUNT')),
    limits: check(tableSchema, limits, 'CONTRAIL_ORDERS_LIMITS') as LimitTable,
  }
}
