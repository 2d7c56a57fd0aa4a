import { z } from 'zod'
import { accountField, sha256Field, tenantField } from '@contrail/contracts'

const url = z.string().url()

/** Everything the gateway can be told. It holds no venue key and no database. */
export const configSchema = z.strictObject({
  natsUrl: z.string().describe('bus, with the user `gateway`, which may read only'),
  redisUrl: z.string().optional().describe('sessions and rate limits shared by several gateways; optional'),
  host: z.string().default('127.0.0.1').describe('address to listen on'),
  port: z.number().int().min(0).max(65_535).default(8787).describe('the one public port; 0 = any free one'),
  internalToken: z.string().min(16).describe('shown to the services behind'),
  ingestUrl: url,
  engineUrl: url,
  ordersUrl: url,
  portfolioUrl: url,
  strategiesUrl: url,
  tenant: tenantField.default('main' as never),
  account: accountField.default('paper' as never),
  gatewayTokenSha256: sha256Field.optional().describe('SHA-256 of the admin token, in hex'),
  gatewayTokenFile: z.string().optional().describe('file with that hash; one of the two is needed'),
  gatewaySessionFile: z.string().optional().describe('keeps sessions of a single gateway over a restart'),
  gatewayWebDir: z.string().optional().describe('built page, from buildWeb(); default apps/web/dist where it is'),
  gatewayPublicUrl: url.optional().describe('URL that people open when it is not http://127.0.0.1:<port>'),
})
export type GatewayConfig = z.output<typeof configSchema>
export type GatewayInput = z.input<typeof configSchema>
