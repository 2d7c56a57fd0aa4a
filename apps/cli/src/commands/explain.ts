import type { ExplainView } from '@contrail/contracts'
import { get } from '../lib/client.ts'
import { clockOf, printJson, printTable, styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'

type Decided = {
  number?: number
  epoch?: number
  cause?: { stream: string; sequence: number; subject: string }
  reasons?: Record<string, unknown>
}

export default command(
  'explain',
  'Everything that led to an order and came of it',
  { order: { type: 'positional', description: 'Its id, e.g. my-first-12-0', required: true } },
  async ({ order: orderId, json }) => {
    const view = await get<ExplainView>(`/v1/orders/${encodeURIComponent(orderId)}/explain`)
    if (json) return printJson(view)
    const { order } = view
    const heading = (text: string) => process.stdout.write(`\n${styled('bold', text)}\n`)
    heading(
      `${order.side} ${order.quantity} ${order.instrument} (${order.orderType}) for ${order.strategy}: ${order.status}`,
    )
    const decision = (view.decision ?? {}) as Decided
    if (decision.cause) {
      const { stream, sequence, subject } = decision.cause
      process.stdout.write(
        `decision ${decision.number} of epoch ${decision.epoch}, caused by ${stream} ${sequence} (${subject})\n`,
      )
    }
    heading('why')
    printTable(
      Object.entries(decision.reasons ?? {}).map(([what, value]) => ({ what, value: String(value) })),
      'the strategy noted nothing',
    )
    heading('risk checks')
    printTable(
      view.checks.map((one) => ({
        control: one.control,
        limit: one.limit,
        found: one.found,
        passed: one.passed ? 'yes' : styled('red', 'NO'),
      })),
      'none recorded',
    )
    heading('attempts')
    printTable(
      view.attempts.map((one) => ({
        attempt: one.attempt,
        id: one.clOrdId,
        state: one.state,
        time: clockOf(one.atUs),
      })),
      'nothing was sent',
    )
    heading('reports')
    printTable(
      view.reports.map((one) => ({
        time: clockOf(one.atUs),
        report: one.type,
        status: one.status,
        filled: one.fill?.quantity ?? '',
        price: one.fill?.price ?? '',
        fee: one.fill?.fee ?? '',
        why: one.reason?.text ?? venueNameOf(one),
      })),
      'none',
    )
  },
)

const venueNameOf = ({ type, venueOrderId }: ExplainView['reports'][number]): string =>
  type === 'accepted' && venueOrderId ? `the venue calls it ${venueOrderId}` : ''
