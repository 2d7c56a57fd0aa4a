import type { BusMessage } from '../bus/bus.ts'
import { canonicalJson, firstDifference } from './canonical.ts'
import type { ActorInput } from './program.ts'
import type { TrailRuns } from './trail.ts'
import { Halted } from './types.ts'
import type { Positions } from './types.ts'

/** What the host itself writes on an actor's subject. The rest of a message is the program's. */
export type ActivatedMessage = {
  kind: 'activated'
  epoch: number
  number: number
  worker: string
  code: string
  cursors: Positions
}
export type DecisionMessage = {
  kind: 'decision'
  epoch: number
  number: number
  cause: { stream: string; sequence: number; subject: string }
  trail: TrailRuns
}
export type OwnMessage = (ActivatedMessage | DecisionMessage) & Record<string, unknown>

const decoder = new TextDecoder('utf-8', { fatal: true })
/** From the pool of buffers: half of what an encoder takes. */
export const encodeMessage = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
export const decodeValue = (data: Uint8Array): unknown => JSON.parse(decoder.decode(data))

export function decodeOwn(message: BusMessage): OwnMessage {
  let value: Partial<OwnMessage> | null
  try {
    value = decodeValue(message.data) as Partial<OwnMessage> | null
  } catch (cause) {
    throw new Halted(`message ${message.sequence} on ${message.subject} is not JSON`, { cause })
  }
  const known = value?.kind === 'activated' || value?.kind === 'decision'
  if (!known || !Number.isInteger(value?.epoch) || !Number.isInteger(value?.number))
    throw new Halted(`message ${message.sequence} on ${message.subject} is neither activated nor decision`)
  return value as OwnMessage
}

/** Equal but for the epoch: the same decision, whichever copy said it. Undefined, or the first difference. */
export function decisionDifference(recorded: OwnMessage, again: OwnMessage): string | undefined {
  const [a, b] = [withoutEpoch(recorded), withoutEpoch(again)]
  // The same program writes its keys in the same order: the usual case needs no sorting.
  if (JSON.stringify(a) === JSON.stringify(b)) return undefined
  return canonicalJson(a) === canonicalJson(b) ? undefined : firstDifference(a, b)
}

const withoutEpoch = (message: OwnMessage): Record<string, unknown> => ({ ...message, epoch: undefined })

export const describeInput = (input: ActorInput): string => `${input.stream} ${input.sequence} (${input.subject})`

/** The author's own line where there is one: what the house's code found wrong is mostly what it was given. */
function placeOf(stack: string): string | undefined {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const own = lines.find((line) => !/node_modules|[\\/]libs[\\/][a-z]+[\\/]src[\\/]|node:/.test(line)) ?? lines[0]
  return /([^\s/\\(]+:\d+):\d+\)?$/.exec(own ?? '')?.[1]
}

/** `message at file:line` of the author's code, without the folders of this machine. */
export function describeThrow(error: unknown, input: ActorInput): string {
  while (error instanceof Error && error.cause !== undefined) error = error.cause
  if (!(error instanceof Error)) return `threw ${String(error)} on ${describeInput(input)}`
  const place = placeOf(error.stack ?? '')
  return `${error.name}: ${error.message}${place ? ` at ${place}` : ''} on ${describeInput(input)}`
}
