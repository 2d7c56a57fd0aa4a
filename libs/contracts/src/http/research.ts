import { z } from 'zod'
import { instrumentField, sha256Field, timeframeField, usField, venueField } from '../fields.ts'

/** Whose metrics a run is judged by. */
export const CONVENTION_NAMES = [
  'contrail',
  'nautilus',
  'freqtrade',
  'jesse',
  'lean',
  'backtesting.py',
  'empyrical',
  'r',
] as const

/** `10`, `"2/5"`, `"fraction:0.5"`: what the flags of the CLI take. */
const word = z.union([z.string().max(40), z.number()])
export const assumptionsRequest = z.strictObject({
  fee: word.optional().describe("Basis points, or maker/taker: 10, 2/5; without it the instrument's"),
  feePerOrder: word.optional().describe('Fixed fee of each order that fills, in quote'),
  slippage: word.optional().describe('Basis points, volume:IMPACT or none'),
  spread: word.optional().describe('Basis points; half of it is paid by each taker fill'),
  latency: word.optional().describe('From decision to venue: 5ms, 200us, lognormal:20ms:0.5'),
  fill: z.enum(['bar', 'trade', 'book']).optional().describe('Fill model; default bar'),
  sizing: word.optional().describe('strategy, all-in, fraction:0.5, notional:1000, quantity:1'),
  leverage: word.optional().describe('Notional of a position and its fee to equity, at most; default 1: no borrowing'),
  maintenance: word
    .optional()
    .describe('Share of the notional at which a position is liquidated; default 0: when equity is 0'),
  atEnd: z.enum(['mark', 'close_at_open', 'close_at_close']).optional().describe('Positions that are open at the end'),
  funding: z.boolean().default(true).describe('Pay funding where the data has it'),
  riskGate: z.boolean().default(true).describe('The controls of the risk gate, as live'),
  accountLimits: z.boolean().default(false).describe('Also the limits of the paper account on size and price'),
})

const PARAMETERS_LENGTH_MAX = 16_384

export const backtestRequest = z.strictObject({
  strategy: z
    .string()
    .min(1)
    .max(64)
    .describe('A built-in definition, a deployed one (its newest version), or the SHA-256 of a version'),
  parameters: z
    .record(z.string().max(64), z.unknown())
    .default({})
    .refine(
      (given) => JSON.stringify(given).length <= PARAMETERS_LENGTH_MAX,
      `at most ${PARAMETERS_LENGTH_MAX} bytes of JSON`,
    ),
  data: z.strictObject({
    venue: venueField,
    instrument: instrumentField,
    timeframe: timeframeField.optional(),
    from: z.string().max(40).optional().describe('First day or instant, 2024-01-31 or 2024-01-31T12:00, UTC'),
    to: z.string().max(40).optional().describe('Day or instant after the last'),
    source: z.enum(['files', 'database']).default('files').describe('The columnar store, or what the recorder wrote'),
  }),
  cash: z.number().positive().max(1e15).default(10_000).describe('Starting balance in quote'),
  assumptions: assumptionsRequest.prefault({}),
  seed: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  convention: z.enum(CONVENTION_NAMES).optional(),
  riskFree: z.number().min(-1).max(10).optional().describe('A year, 0.02 = 2 %'),
  periods: z.union([z.literal(252), z.literal(365)]).optional(),
  robustness: z.boolean().default(true).describe('Monte Carlo, significance, deflated Sharpe'),
})
export type BacktestRequest = z.infer<typeof backtestRequest>

export const SAMPLER_NAMES = ['tpe', 'random', 'cma-es', 'grid'] as const
/** A backtest, and what of it is searched for what. */
export const optimizationRequest = backtestRequest.extend({
  space: z
    .array(z.string().min(3).max(200))
    .min(1)
    .max(32)
    .optional()
    .describe(
      "What is searched: fast=2..50, size=0.1..10:log, mode=a|b; default: all that the strategy's schema bounds",
    ),
  objective: z
    .string()
    .regex(/^[a-zA-Z0-9]{1,40}(:(min|max))?(,[a-zA-Z0-9]{1,40}(:(min|max))?)?$/, 'a metric, or two: sharpe,maxDrawdown')
    .default('sharpe'),
  sampler: z.enum(SAMPLER_NAMES).default('tpe'),
  trials: z.number().int().min(1).max(100_000).optional().describe('At most; default 100'),
  earlyStop: z.number().int().min(1).optional().describe('End after so many trials without a better one'),
  batch: z.number().int().min(1).max(10_000).optional().describe('Trials open at once (tpe), or population (cma-es)'),
})
export type OptimizationRequest = z.infer<typeof optimizationRequest>

/** One set of parameters that was tried. */
export const trialView = z.object({
  number: z.number().int(),
  state: z.enum(['done', 'failed']),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  /** Of the objectives, in their order; null where one is not defined. */
  values: z.array(z.number().nullable()),
  /** Why it failed. */
  problem: z.string().nullable(),
})
export type TrialView = z.infer<typeof trialView>

export const JOB_KINDS = ['backtest', 'optimization'] as const
export type JobKind = (typeof JOB_KINDS)[number]

/**
 * `partial`: stopped before its end by somebody or by a limit, with a run that says `complete: false`. `cancelled`: stopped before
 * there was anything to show.
 */
export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled', 'partial'] as const
export type JobState = (typeof JOB_STATES)[number]
export const jobField = z.string().regex(/^job-[0-9a-f]{16}$/, 'give the id of a job: job- and 16 hex digits')
export const runField = z
  .string()
  .regex(/^\d{8}T\d{6}-[0-9a-f]{8}$/, 'give the id of a run, such as 20240102T030405-0a1b2c3d')

export const jobView = z.object({
  id: jobField,
  kind: z.enum(JOB_KINDS),
  state: z.enum(JOB_STATES),
  strategy: z.string(),
  /** SHA-256 of the code that was meant when it was asked for. */
  code: sha256Field,
  progress: z.object({
    phase: z.enum(['waiting', 'loading', 'running', 'judging', 'writing', 'over']),
    done: z.number(),
    total: z.number(),
    /** Events a second; of an optimization trials, as `done` and `total` are. */
    rate: z.number(),
    etaMs: z.number().nullable(),
  }),
  cancelling: z.boolean(),
  run: runField.nullable(),
  error: z.object({ code: z.string(), field: z.string(), value: z.string(), mend: z.string() }).nullable(),
  by: z.string(),
  /** How often a process took it up: more than 1 when one of them died. */
  attempts: z.number().int(),
  request: z.record(z.string(), z.unknown()),
  createdUs: usField,
  startedUs: usField.nullable(),
  finishedUs: usField.nullable(),
  /** Grows with each change; `id` of its events. */
  revision: z.number().int(),
})
export type JobView = z.infer<typeof jobView>

/** One line of a list of runs; the record itself has everything. */
export const runView = z.object({
  id: runField,
  createdAt: z.string(),
  complete: z.boolean(),
  strategy: z.string(),
  codeSha256: sha256Field,
  dataSha256: sha256Field,
  decisionsSha256: sha256Field,
  parameters: z.record(z.string(), z.unknown()),
  cash: z.number(),
  currency: z.string(),
  finalEquity: z.number(),
  trades: z.number().int(),
  totalReturn: z.number().nullable(),
  sharpe: z.number().nullable(),
  maxDrawdown: z.number().nullable(),
  /** The job that made it; null where it came from the CLI. */
  job: jobField.nullable(),
})
export type RunView = z.infer<typeof runView>

/** run.json: schema `contrail.run/1`. Fields are only ever added. */
export const runRecordView = z.looseObject({
  schema: z.literal('contrail.run/1'),
  id: runField,
  createdAt: z.string(),
  complete: z.boolean(),
  strategy: z.looseObject({ name: z.string(), codeSha256: sha256Field }),
  data: z.looseObject({ sha256: sha256Field }),
  cash: z.number(),
  currency: z.string(),
  metrics: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  finalEquity: z.number(),
  decisionsSha256: sha256Field,
})
