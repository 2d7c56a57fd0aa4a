import { decodeConfirm, encodeJson, parseSubject, refuse, subjects } from '@contrail/contracts'
import type { Alert, Confirm, Us } from '@contrail/contracts'
import { crashPoint } from '@contrail/runtime'
import type { Bus, BusMessage, Clock, Consumer, Logger, Metrics } from '@contrail/runtime'
import { bookReport } from './books/book.ts'
import type { BookOptions } from './books/book.ts'
import { positionKeyOf } from './books/keys.ts'
import type { Place } from './books/keys.ts'
import type { PositionsKv } from './live/positions-kv.ts'

/** Fills of different strategies are booked beside each other; those of one keep their order. */
export const CONCURRENCY = 4

export type ConsumeContext = BookOptions & {
  readonly bus: Bus
  readonly kv: PositionsKv
  readonly log: Logger
  readonly clock: Clock
  readonly metrics: Metrics
  readonly tenant: string
}

/**
 * TRADES/portfolio: book and show, then ack. The usual fill is shown while it is booked, any other after (positions-kv.ts).
 * A crash anywhere between is made good by the redelivery.
 */
export async function consumeTrades(context: ConsumeContext): Promise<Consumer> {
  const { bus, log, metrics } = context
  const incarnation = await incarnations(bus, log)
  const reports = metrics.counter('portfolio_reports_total', 'Execution reports read', ['outcome'])
  const seconds = metrics.histogram('portfolio_booking_seconds', 'From receipt to committed and shown')
  const placeOf = async ({ stream, sequence }: BusMessage): Promise<Place> => {
    return { stream, incarnation: await incarnation(sequence), sequence }
  }

  async function onMessage(message: BusMessage): Promise<void> {
    const confirm = decodeConfirm(message.data)
    const subject = parseSubject(message.subject)
    if (subject.kind !== 'confirm' || subject.account !== confirm.account || subject.strategy !== confirm.strategy)
      throw refuse('invalid', 'subject', message.subject, 'publish a report on the subject of its account and strategy')
    if (confirm.tenant !== context.tenant)
      throw refuse('invalid', 'tenant', confirm.tenant, `this service keeps the books of ${context.tenant}`)
    if (!confirm.fill) return reports.inc({ outcome: 'no_fill' })
    const done = seconds.startTimer()
    const place = await placeOf(message)
    const booked = await bookReport(context, confirm, confirm.fill, place)
    crashPoint('portfolio.after_commit_before_kv')
    await context.kv.show(booked.row, place)
    crashPoint('portfolio.after_kv_before_ack')
    reports.inc({ outcome: booked.outcome })
    done()
    if (booked.outcome === 'conflict')
      throw refuse('invalid', 'tradeId', confirm.fill.tradeId, booked.detail ?? 'it was booked with other content')
  }

  return await bus.consume({
    stream: 'TRADES',
    durable: 'portfolio',
    concurrency: CONCURRENCY,
    key: (message) => message.subject,
    onMessage,
    onProblem: (problem) => log.warn({ err: problem }, 'a report was not booked'),
    async onDead(message, cause) {
      await tellDead(context, message, cause)
      const confirm = readConfirm(message)
      // Failing, it keeps the message in hand: nothing that is not booked may stay shown.
      if (confirm?.fill) await context.kv.putBack(positionKeyOf(confirm), await placeOf(message))
    },
  })
}

/** Undefined for what is no report: it moved nothing. */
function readConfirm(message: BusMessage): Confirm | undefined {
  try {
    return decodeConfirm(message.data)
  } catch {
    return undefined
  }
}

/** Money that is not booked is for a person to see. */
async function tellDead({ bus, clock }: ConsumeContext, message: BusMessage, cause: Error): Promise<void> {
  const alert: Alert = {
    schema: 1,
    severity: 'critical',
    kind: 'fill_not_booked',
    source: 'portfolio',
    text: `A report was given up and lies in the dead letters: ${cause.message}`.slice(0, 1000),
    about: { subject: message.subject, sequence: String(message.sequence), stream: message.stream },
    atUs: clock.nowUs() as Us,
  }
  const messageId = `${alert.kind}-${message.stream}-${message.sequence}-${message.timeUs}`
  await bus.publish(subjects.alert(alert.severity, alert.kind), encodeJson(alert), { messageId })
}

/** Asked again whenever the count goes back: then either a message came again, or the stream was made anew. */
async function incarnations(bus: Bus, log: Logger): Promise<(sequence: number) => Promise<string>> {
  let known = (await bus.streamState('TRADES'))?.incarnation ?? ''
  let highest = 0
  return async (sequence) => {
    if (sequence <= highest) {
      const now = (await bus.streamState('TRADES'))?.incarnation ?? known
      if (now !== known) log.warn({ before: known, now }, 'TRADES was made anew')
      if (now !== known) highest = 0
      known = now
    }
    highest = Math.max(highest, sequence)
    return known
  }
}
