import type { Metrics } from '@contrail/runtime'

export type OrderMetrics = ReturnType<typeof orderMetrics>

export function orderMetrics(metrics: Metrics) {
  return {
    signalToSent: metrics.histogram(
      'orders_signal_to_sent_seconds',
      'From the stored signal to the request at the venue',
    ),
    attemptCommit: metrics.histogram('orders_attempt_commit_seconds', 'The commit that a request waits for'),
    sentToAnswer: metrics.histogram('orders_sent_to_answer_seconds', 'From the request to the venue to its answer'),
    signalToAck: metrics.histogram('orders_signal_to_ack_seconds', 'From the stored signal until it is done with'),
    denials: metrics.counter('orders_denied_total', 'Orders that the gate refused', ['code']),
    sent: metrics.counter('orders_requests_total', 'Requests to the venue and what came of them', ['kind', 'outcome']),
    unknown: metrics.gauge('orders_unknown', 'Requests of which nobody knows what became of them', ['account']),
    open: metrics.gauge('orders_open', 'Orders that may still change', ['account']),
    alarms: metrics.counter('orders_alarms_total', 'Fills after an ending, overfills, revivals, quarantines', [
      'alarm',
    ]),
    recoveries: metrics.counter('orders_recoveries_total', 'How often an account was read anew', ['account']),
    repeats: metrics.counter('orders_repeated_decisions_total', 'Decisions that came again and changed nothing'),
  }
}
