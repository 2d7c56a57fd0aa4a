import type { Metrics } from '@contrail/runtime'

export type OrderMetrics = ReturnType<typeof orderMetrics>

type Labels = Record<string, string>

/** An order does not wait for its figures: they are noted when the step in hand has been sent or is done. */
const later =
  <A extends unknown[]>(note: (...given: A) => void) =>
  (...given: A): void =>
    void setImmediate(note, ...given)

export function orderMetrics(metrics: Metrics) {
  const observed = (made: { observe(seconds: number): void }) => ({
    observe: later((seconds: number) => made.observe(seconds)),
  })
  const counted = (made: { inc(of: Labels): void }) => ({ inc: later((of: Labels = {}) => made.inc(of)) })
  const shown = (made: { set(of: Labels, value: number): void }) => ({
    set: later((of: Labels, value: number) => made.set(of, value)),
  })
  return {
    signalToSent: observed(
      metrics.histogram('orders_signal_to_sent_seconds', 'From the stored signal to the request at the venue'),
    ),
    attemptCommit: observed(metrics.histogram('orders_attempt_commit_seconds', 'The commit that a request waits for')),
    sentToAnswer: observed(
      metrics.histogram('orders_sent_to_answer_seconds', 'From the request to the venue to its answer'),
    ),
    signalToAck: observed(
      metrics.histogram('orders_signal_to_ack_seconds', 'From the stored signal until it is done with'),
    ),
    denials: counted(metrics.counter('orders_denied_total', 'Orders that the gate refused', ['code'])),
    sent: counted(
      metrics.counter('orders_requests_total', 'Requests to the venue and what came of them', ['kind', 'outcome']),
    ),
    unknown: shown(metrics.gauge('orders_unknown', 'Requests of which nobody knows what became of them', ['account'])),
    open: shown(metrics.gauge('orders_open', 'Orders that may still change', ['account'])),
    alarms: counted(
      metrics.counter('orders_alarms_total', 'Fills after an ending, overfills, revivals, quarantines', ['alarm']),
    ),
    recoveries: counted(metrics.counter('orders_recoveries_total', 'How often an account was read anew', ['account'])),
    repeats: counted(
      metrics.counter('orders_repeated_decisions_total', 'Decisions that came again and changed nothing'),
    ),
  }
}
