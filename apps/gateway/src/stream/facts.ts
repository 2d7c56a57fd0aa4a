import {
  confirmSchema,
  controlSchema,
  decodeJson,
  manualSchema,
  parseSubject,
  signalSchema,
  strategyEventSchema,
} from '@contrail/contracts'
import type { BusMessage } from '@contrail/runtime'
import type { Letter, StreamEvent } from './topics.ts'

/** A stored message as an event of the page. Throws a refusal for what is not of the contract. */
export function factOf(letter: Letter, { subject, data, sequence }: BusMessage): StreamEvent {
  const at = { letter, sequence }
  const parsed = parseSubject(subject)
  switch (parsed.kind) {
    case 'confirm':
      return { name: 'report', json: json({ ...decodeJson(confirmSchema, data, 'confirm'), sequence }), at }
    case 'manual':
      return { name: 'manual', json: json({ ...decodeJson(manualSchema, data, 'manual'), sequence }), at }
    case 'signal':
      return signalOf(data, at)
    case 'event':
      return { name: 'strategy', json: json(decodeJson(strategyEventSchema, data, 'strategyEvent')), at }
    case 'control':
      return { name: 'control', json: json(decodeJson(controlSchema, data, 'control')), at }
    default:
      throw new Error(`${subject} does not belong in a money stream`)
  }
}

function signalOf(data: Uint8Array, at: { letter: Letter; sequence: number }): StreamEvent {
  const signal = decodeJson(signalSchema, data, 'signal')
  if (signal.kind === 'decision') {
    // The trail may be long and is for replay, not for eyes.
    const { trail: _trail, schema: _version, tenant: _tenant, ...decision } = signal
    return { name: 'decision', json: json({ ...decision, sequence: at.sequence }), at }
  }
  const { strategy, worker, epoch, number } = signal
  const detail = `worker ${worker} took over in epoch ${epoch}`
  return { name: 'strategy', json: json({ strategy, event: 'activated', worker, epoch, number, detail }), at }
}

const json = (value: unknown): string => JSON.stringify(value)
