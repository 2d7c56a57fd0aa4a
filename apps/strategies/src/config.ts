import { accountField, tenantField } from '@contrail/contracts'
import { z } from 'zod'

export const configSchema = z.strictObject({
  natsUrl: z.string().describe('The bus, with the user and password of this service'),
  strategyDbUrl: z.string().describe('Postgres: definitions, versions, desired state'),
  internalToken: z.string().min(16).describe('What the gateway shows'),
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.coerce.number().int().min(0).max(65_535).default(0).describe('Port to listen on; 0 = a free one'),
  tenant: tenantField.default('main' as never).describe('Whose strategies'),
  account: accountField.default('paper' as never).describe('Where a strategy trades that names no account'),
})
export type Config = z.infer<typeof configSchema>
