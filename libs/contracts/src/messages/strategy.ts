import { z } from 'zod'
import { accountField, cursorField, sha256Field, strategyField, tenantField, usField, workerField } from '../fields.ts'
import { trailSchema } from './signal.ts'

export const CONTROL_COMMANDS = ['start', 'pause', 'resume', 'reload', 'stop', 'take_over'] as const

/** On `strategy.control.<strategy>`: an input of the actor, so that a pause is part of the trail. */
export const controlSchema = z.strictObject({
  schema: z.literal(1),
  strategy: strategyField,
  command: z.enum(CONTROL_COMMANDS),
  by: z.string(),
  reason: z.string(),
  atUs: usField,
})
export type Control = z.infer<typeof controlSchema>

export const STRATEGY_EVENTS = [
  'started',
  'stopped',
  'fenced',
  'diverged',
  'checkpointed',
  'warming_up',
  'warmed_up',
  'halted',
  'paused',
  'resumed',
  'gap',
  'swapped',
  'rolled_back',
] as const

/** On `strategy.event.<strategy>`: a fact that the engine states. */
export const strategyEventSchema = z.strictObject({
  schema: z.literal(1),
  strategy: strategyField,
  event: z.enum(STRATEGY_EVENTS),
  worker: workerField,
  epoch: z.number().int().nonnegative(),
  number: z.number().int().nonnegative(),
  /** One sentence: the input that halted it, the first difference of a divergence, what was lost in a gap. */
  detail: z.string(),
  /** Of `swapped` and `rolled_back`: what runs from here on, and the code it took over from. */
  version: z
    .strictObject({ code: sha256Field, parameters: z.record(z.string(), z.unknown()), before: sha256Field })
    .optional(),
  atUs: usField,
})
export type StrategyEvent = z.infer<typeof strategyEventSchema>

/** KV `strategies`, key = strategy id: the desired state. The engine watches it. */
export const desiredStrategySchema = z.strictObject({
  schema: z.literal(1),
  tenant: tenantField,
  account: accountField,
  strategy: strategyField,
  /** Name of the definition, e.g. `sma-cross`. */
  definition: z.string(),
  /** SHA-256 of the bundle; also its key in the object store `bundles`. */
  code: sha256Field,
  parameters: z.record(z.string(), z.unknown()),
  state: z.enum(['running', 'paused', 'stopped']),
  /** Where its market data begins when it has no checkpoint: `live` = now, or a sequence of MD (tests, replay). */
  from: z.union([z.literal('live'), z.number().int().positive()]),
  revision: z.number().int().positive(),
})
export type DesiredStrategy = z.infer<typeof desiredStrategySchema>

/** KV `actors`, key = strategy id. Written by compare-and-set, off the hot path. */
export const checkpointSchema = z.strictObject({
  schema: z.literal(1),
  strategy: strategyField,
  epoch: z.number().int().positive(),
  number: z.number().int().nonnegative(),
  /** Own last sequence on `orders.signal.<strategy>` that this state includes. */
  ownSequence: z.number().int().nonnegative(),
  code: sha256Field,
  cursors: z.record(z.string(), cursorField),
  /** Applied since the last decision, so that the next decision's trail is whole. */
  trail: trailSchema,
  inputs: z.number().int().nonnegative(),
  state: z.unknown(),
  atUs: usField,
})
export type Checkpoint = z.infer<typeof checkpointSchema>

/** KV `workers`, key = worker id, with a time to live. */
export const workerSchema = z.strictObject({
  schema: z.literal(1),
  worker: workerField,
  startedAtUs: usField,
  seenAtUs: usField,
  actors: z.number().int().nonnegative(),
})
export type Worker = z.infer<typeof workerSchema>
