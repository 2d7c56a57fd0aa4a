import { decodeJson, manualSchema, parseSubject, refuse, signalSchema } from '@contrail/contracts'
import type { Intent, Manual, ParsedSubject, Signal } from '@contrail/contracts'
import type { BusMessage } from '@contrail/runtime'
import type { Decision } from './account/decide.ts'
import { plainDecision } from './plain.ts'

export type Arrived =
  | { readonly kind: 'decision'; readonly account: string; readonly decision: Decision }
  /** A copy of a strategy became its owner: nothing to do here. */
  | { readonly kind: 'nothing'; readonly account: string }

const read = new WeakMap<BusMessage, Arrived>()

/** Reads a message of ORDERS once. A refusal is a poison message: it is for the dead letters, at once. */
export function arrivedOf(message: BusMessage, incarnation: string): Arrived {
  const known = read.get(message)
  if (known) return known
  const parsed = parseSubject(message.subject)
  const arrived =
    parsed.kind === 'manual'
      ? ofManual(decodeJson(manualSchema, message.data, 'manual') as Manual, parsed.account, message, incarnation)
      : ofSignal(signalOf(message.data), parsed, message, incarnation)
  read.set(message, arrived)
  return arrived
}

const signalOf = (data: Uint8Array): Signal =>
  plainDecision(data) ?? (decodeJson(signalSchema, data, 'signal') as Signal)

function ofSignal(signal: Signal, parsed: ParsedSubject, message: BusMessage, incarnation: string): Arrived {
  const { account, strategy } = signal
  if (parsed.kind !== 'signal' || parsed.strategy !== strategy)
    throw refuse('invalid', 'signal.strategy', strategy, `publish it on its own subject, not ${message.subject}`)
  if (signal.kind === 'activated') return { kind: 'nothing', account }
  checkIds(strategy, signal.number, signal.intents)
  return { kind: 'decision', account, decision: { ...decisionOf(signal, message, incarnation), ofPerson: false } }
}

function ofManual(manual: Manual, account: string, message: BusMessage, incarnation: string): Arrived {
  if (manual.account !== account)
    throw refuse('invalid', 'manual.account', manual.account, `publish it on its own subject, not ${message.subject}`)
  checkIds(manual.strategy, manual.number, manual.intents)
  return { kind: 'decision', account, decision: { ...decisionOf(manual, message, incarnation), ofPerson: true } }
}

function decisionOf(
  from: { strategy: string; number: number; atUs: number; intents: readonly Intent[] },
  message: BusMessage,
  incarnation: string,
): Omit<Decision, 'ofPerson'> {
  const { strategy, number, atUs, intents } = from
  const source = { stream: message.stream, incarnation, sequence: message.sequence }
  return { strategy, number, atUs, intents, source, storedUs: message.timeUs }
}

/** An order id is made from its decision: another one could be somebody else's. */
function checkIds(strategy: string, number: number, intents: readonly Intent[]): void {
  const seen = new Set<string>()
  for (const intent of intents) {
    if (intent.type !== 'place') continue
    const { orderId } = intent
    if (!orderId.startsWith(`${strategy}-${number}-`) || seen.has(orderId))
      throw refuse('invalid', 'signal.intents.orderId', orderId, `make it ${strategy}-${number}-<index>, each once`)
    seen.add(orderId)
  }
}
