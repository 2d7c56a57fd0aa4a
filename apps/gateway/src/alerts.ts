import { alertSchema, decodeJson } from '@contrail/contracts'
import type { AlertView } from '@contrail/contracts'
import type { Bus, Logger } from '@contrail/runtime'

/** One place of the stream ALERTS. Throws a refusal for what is not of the contract. */
export function alertOf(data: Uint8Array, sequence: number): AlertView {
  const { schema: _version, ...alert } = decodeJson(alertSchema, data, 'alert')
  return { ...alert, sequence }
}

export type AlertsPage = { items: AlertView[]; next?: string }

/** A page of the stream ALERTS, newest first; the cursor is the sequence before which to go on. */
export async function listAlerts(
  { bus, log }: { bus: Bus; log: Logger },
  { limit, cursor }: { limit: number; cursor?: number | undefined },
): Promise<AlertsPage> {
  const state = await bus.streamState('ALERTS')
  if (!state) return { items: [] }
  const end = Math.min(cursor ?? Infinity, state.lastSequence + 1)
  const first = Math.max(end - limit, state.firstSequence, 1)
  const sequences = Array.from({ length: Math.max(end - first, 0) }, (_, index) => end - 1 - index)
  const messages = await Promise.all(sequences.map((sequence) => bus.getMessage('ALERTS', sequence)))
  const items = messages.flatMap((message) => {
    try {
      return message ? [alertOf(message.data, message.sequence)] : []
    } catch (error) {
      log.warn({ err: error, subject: message?.subject, sequence: message?.sequence }, 'message left out')
      return []
    }
  })
  return first > Math.max(state.firstSequence, 1) ? { items, next: String(first) } : { items }
}
