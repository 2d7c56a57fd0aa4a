import { accountField, positiveDecimalField, tenantField } from '@contrail/contracts'
import { z } from 'zod'

const assets = z.string().regex(/^[A-Z0-9]{1,12}(,[A-Z0-9]{1,12})*$/)

export const configSchema = z.strictObject({
  natsUrl: z.string().optional().describe('The bus, with the user and password of this service'),
  tradeDbUrl: z.string().describe('Postgres: ledger, positions; fills and orders are only read'),
  internalToken: z.string().min(16).describe('What the gateway shows'),
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.coerce.number().int().min(0).max(65_535).default(0).describe('Port to listen on; 0 = a free one'),
  tenant: tenantField.default('main' as never).describe('Whose books'),
  account: accountField.default('paper' as never).describe('The paper account that is given start cash once'),
  portfolioStartCash: positiveDecimalField.default('100000').describe('Deposit of each start currency, once'),
  portfolioStartCurrencies: assets.default('USDT').describe('Assets of the start deposit; others may go below zero'),
  portfolioEquitySeconds: z.coerce.number().int().min(1).max(3600).default(5).describe('Time between equity points'),
  portfolioReconcileSeconds: z.coerce.number().int().min(1).max(86_400).default(30).describe('Time between checks'),
  portfolioAllowUnsafePostgres: z.boolean().default(false).describe('For test servers that do not flush to disk'),
})
export type Config = z.infer<typeof configSchema>
