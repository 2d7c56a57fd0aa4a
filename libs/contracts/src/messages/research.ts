import { z } from 'zod'
import { sha256Field, usField, workerField } from '../fields.ts'
import { instrumentSchema } from '../instrument.ts'

/** First 32 digits of the SHA-256 of the study's own record: the same name with other contents is another study. */
export const studyField = z.string().regex(/^[0-9a-f]{32}$/)
const valueField = z.union([z.number(), z.string(), z.boolean()])
const pointField = z.record(z.string(), valueField)
const objectiveField = z.strictObject({ name: z.string(), direction: z.enum(['maximise', 'minimise']) })

/** KV `studies`, key = study: what all its trials have in common. A closed study's trials are taken and not run. */
export const studySchema = z.strictObject({
  schema: z.literal(1),
  study: studyField,
  /** The name that people know it by. */
  name: z.string(),
  state: z.enum(['open', 'closed']),
  /** SHA-256 of the strategy's bundle, its key in the object store `bundles`. */
  code: sha256Field,
  /** Bundle of an objective that is a function, in the same store. */
  objectiveCode: sha256Field.optional(),
  objectives: z.array(objectiveField).min(1).max(2),
  /** SHA-256 of each series, its key in the object store `datasets`. */
  data: z.array(sha256Field).min(1),
  instruments: z.array(instrumentSchema).min(1),
  cash: z.number().positive(),
  /** As `Assumptions` of a backtest. */
  assumptions: z.record(z.string(), z.unknown()),
  convention: z.string(),
  /** A year, 0.02 = 2 %. */
  riskFree: z.number().optional(),
  /** Days a year. */
  periods: z.union([z.literal(252), z.literal(365)]).optional(),
  /** Parameters that are not searched. */
  fixed: z.record(z.string(), z.unknown()),
  fromUs: usField.optional(),
  toUs: usField.optional(),
  createdUs: usField,
})
export type StudyValue = z.infer<typeof studySchema>

/** On `research.trial.<study>`: one set of parameters to run. */
export const trialSchema = z.strictObject({
  schema: z.literal(1),
  study: studyField,
  number: z.number().int().nonnegative(),
  point: pointField,
  atUs: usField,
})
export type TrialJob = z.infer<typeof trialSchema>

/** On `results.trial.<study>.<number>`: what came of it. One per trial: the first one stands. */
export const trialResultSchema = z.strictObject({
  schema: z.literal(1),
  study: studyField,
  number: z.number().int().nonnegative(),
  worker: workerField,
  outcome: z.discriminatedUnion('state', [
    z.strictObject({
      state: z.literal('done'),
      values: z.array(z.number().nullable()),
      metrics: z.record(z.string(), z.number().nullable()),
      ms: z.number(),
    }),
    z.strictObject({ state: z.literal('failed'), problem: z.string(), ms: z.number() }),
  ]),
  atUs: usField,
})
export type TrialResult = z.infer<typeof trialResultSchema>
