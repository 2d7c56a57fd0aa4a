import { tenantField } from '@contrail/contracts'
import { CRASH_POINTS } from '@contrail/runtime'
import { z } from 'zod'

export const configSchema = z.strictObject({
  natsUrl: z.string().describe('The bus, with the user and password of this service'),
  ingestUrl: z.url().describe('Where instruments and history come from'),
  internalToken: z.string().min(16).describe('What this service shows to others and wants to be shown'),
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.number().int().min(0).max(65_535).default(0).describe('Port to listen on; 0 = a free one'),
  tenant: tenantField.default('main' as never).describe('Whose strategies run here'),
  worker: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,20}$/)
    .optional()
    .describe('First part of the worker id; each life of a process adds its own end'),
  placement: z
    .enum(['rendezvous', 'all'])
    .default('rendezvous')
    .describe('all = every worker wants every strategy and waits until its owner is gone: a hot standby'),
  workerTtlMs: z.number().int().min(300).max(60_000).default(3_000).describe('A worker silent for so long is dead'),
  cacheDir: z.string().optional().describe('Where bundles are kept; absent = a private folder for this life'),
  checkpointInputs: z.number().int().min(1).default(5_000).describe('A checkpoint is due after so many inputs'),
  checkpointMs: z.number().int().min(50).default(10_000).describe('... or after so long'),
  handlerMs: z.number().int().min(200).default(5_000).describe('Longest that a handler of a strategy may take'),
  crashAt: z
    .string()
    .regex(new RegExp(`^(${CRASH_POINTS.join('|').replaceAll('.', '\\.')})(:[1-9]\\d*)?$`))
    .optional()
    .describe('Proofs only: kill this process at the n-th pass of a named point'),
})
export type Config = z.infer<typeof configSchema>
