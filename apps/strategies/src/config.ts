import os from 'node:os'
import path from 'node:path'
import { accountField, tenantField } from '@contrail/contracts'
import { z } from 'zod'

/** Of the clone: where the CLI keeps its own. */
const HOME = path.resolve(import.meta.dirname, '../../../.contrail')
const whole = z.coerce.number().int().min(1)

export const configSchema = z.strictObject({
  natsUrl: z.string().describe('The bus, with the user and password of this service'),
  strategyDbUrl: z.string().describe('Postgres: definitions, versions, desired state'),
  internalToken: z.string().min(16).describe('What the gateway shows'),
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.coerce.number().int().min(0).max(65_535).default(0).describe('Port to listen on; 0 = a free one'),
  tenant: tenantField.default('main' as never).describe('Whose strategies'),
  account: accountField.default('paper' as never).describe('Where a strategy trades that names no account'),
  marketDbUrl: z.string().optional().describe('Postgres: recorded market data that backtests may read'),
  home: z.string().default(HOME).describe('Data folder of this installation'),
  strategiesRunsDir: z.string().optional().describe('Folders of runs; default <home>/runs, as the CLI has it'),
  strategiesDataDir: z.string().optional().describe('Columnar store; default <home>/data, as the CLI has it'),
  strategiesJobs: whole.max(256).default(os.availableParallelism()).describe('Backtests at once; default one a core'),
  strategiesJobsQueued: whole.max(10_000).default(100).describe('Backtests that may wait'),
  strategiesJobSeconds: whole.max(86_400).default(3_600).describe('A backtest that runs longer keeps what it has'),
  strategiesJobRows: whole.default(100_000_000).describe('Rows of market data that one backtest may read'),
  strategiesJobLeaseMs: whole.min(500).default(10_000).describe('A process silent for so long counts as dead'),
})
export type Config = z.infer<typeof configSchema>
