import { z } from 'zod'
import * as confirm from './messages/confirm.ts'
import * as market from './messages/market.ts'
import * as platform from './messages/platform.ts'
import * as research from './messages/research.ts'
import * as signal from './messages/signal.ts'
import * as strategy from './messages/strategy.ts'

/** Every message and KV value there is. `npm test` hashes them all: the wire cannot change by accident. */
export const messages = {
  tick: market.tickSchema,
  quote: market.quoteSchema,
  book: market.bookSchema,
  candle: market.candleSchema,
  funding: market.fundingSchema,
  feedStatus: market.feedStatusSchema,
  clock: market.clockSchema,
  signal: signal.signalSchema,
  manual: signal.manualSchema,
  confirm: confirm.confirmSchema,
  control: strategy.controlSchema,
  strategyEvent: strategy.strategyEventSchema,
  desiredStrategy: strategy.desiredStrategySchema,
  checkpoint: strategy.checkpointSchema,
  worker: strategy.workerSchema,
  position: platform.positionSchema,
  halt: platform.haltSchema,
  alert: platform.alertSchema,
  deadLetter: platform.deadLetterSchema,
  laidAside: platform.laidAsideSchema,
  study: research.studySchema,
  trial: research.trialSchema,
  trialResult: research.trialResultSchema,
} as const

/** Stable text of all schemas; its SHA-256 stands in schemas.test.ts beside the version history. */
export function schemaText(): string {
  const parts = Object.entries(messages).map(([name, schema]) => {
    const shape = z.toJSONSchema(schema as z.ZodType, { unrepresentable: 'any', io: 'input' })
    return `${name} ${JSON.stringify(shape)}`
  })
  return parts.sort().join('\n')
}
