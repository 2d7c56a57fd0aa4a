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
import { alertOf } from '../alerts.ts'
import { eventOf } from './topics.ts'
import type { Letter, StreamEvent } from './topics.ts'

/** A stored message as an event of the page. Throws a refusal for what is not of the contract. */
export function factOf(letter: Letter, { subject, data, sequence }: BusMessage): StreamEvent {
  const at = { letter, sequence }
  const parsed = parseSubject(subject)
  switch (parsed.kind) {
    case 'confirm':
      return eventOf('report', { ...decodeJson(confirmSchema, data, 'confirm'), sequence }, { at })
    case 'manual':
      return eventOf('manual', { ...decodeJson(manualSchema, data, 'manual'), sequence }, { at })
    case 'signal':
      return signalOf(data, at)
    case 'event':
      return eventOf('strategy', decodeJson(strategyEventSchema, data, 'strategyEvent'), { at })
    case 'control':
      return eventOf('control', decodeJson(controlSchema, data, 'control'), { at })
    case 'alert':
      return eventOf('alert', alertOf(data, sequence), { at })
    default:
      throw new Error(`${subject} does not belong in a stream of facts`)
  }
}

function signalOf(data: Uint8Array, at: { letter: Letter; sequence: number }): StreamEvent {
  const signal = decodeJson(signalSchema, data, 'signal')
  if (signal.kind === 'decision') {
    const { trail: _trail, schema: _version, tenant: _tenant, ...decision } = signal
    return eventOf('decision', { ...decision, sequence: at.sequence }, { at })
  }
  const { strategy, worker, epoch, number } = signal
  const detail = `worker ${worker} took over in epoch ${epoch}`
  return eventOf('strategy', { strategy, event: 'activated', worker, epoch, number, detail }, { at })
}
