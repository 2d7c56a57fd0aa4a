import { fromSteps } from '@contrail/contracts'
import type { AccountId, Confirm, ExecutionType, OrderId, StrategyId, TenantId, Us } from '@contrail/contracts'
import type { Report } from './stock.ts'

/** A report as a live strategy gets it: decimal strings and all. Made only where a handler asks for reports. */
export function confirmOf(report: Report, strategy: string, account: string): Confirm {
  const { order, atUs } = report
  const { instrument } = order.stock
  const { tickSize, lotSize } = instrument
  const filled = report.kind === 'fill' ? report.filled : order.filled
  const status = statusOf(report, filled)
  const isOver = status !== 'new' && status !== 'partially_filled'
  return {
    schema: 1,
    reportId: `${order.clOrdId}-${report.kind}-${filled}`,
    type: typeOf(report),
    tenant: 'main' as TenantId,
    account: account as AccountId,
    strategy: strategy as StrategyId,
    orderId: order.clOrdId as OrderId,
    venue: instrument.venue,
    instrument: instrument.instrument,
    side: order.side,
    orderType: order.ask?.orderType ?? 'market',
    quantity: fromSteps(order.quantity, lotSize),
    ...(order.price > 0 && order.ask?.orderType !== 'market' && { price: fromSteps(order.price, tickSize) }),
    ...(order.stopPrice > 0 && { stopPrice: fromSteps(order.stopPrice, tickSize) }),
    status,
    cumQuantity: fromSteps(filled, lotSize),
    leavesQuantity: isOver ? '0' : fromSteps(order.quantity - filled, lotSize),
    ...(report.kind === 'fill' && {
      fill: {
        tradeId: `${order.clOrdId}-${filled}`,
        quantity: fromSteps(report.lots, lotSize),
        price: fromSteps(report.price, tickSize),
        fee: fromSteps(report.fee, '0.00000001'),
        feeAsset: instrument.quote,
        liquidity: report.liquidity,
        venueTimeUs: atUs as Us,
      },
    }),
    ...('reason' in report && report.reason && { reason: report.reason }),
    atUs: atUs as Us,
  }
}

export function statusOf(report: Report, filled: number): Confirm['status'] {
  switch (report.kind) {
    case 'fill':
      return filled >= report.order.quantity ? 'filled' : 'partially_filled'
    case 'replaced':
      // To what is filled: nothing of it is left.
      if (filled >= report.order.quantity) return 'filled'
      return filled > 0 ? 'partially_filled' : 'new'
    case 'accepted':
    case 'refused':
      return filled > 0 ? 'partially_filled' : 'new'
    default:
      return report.kind
  }
}

function typeOf({ kind }: Report): ExecutionType {
  switch (kind) {
    case 'fill':
      return 'filled'
    case 'accepted':
    case 'replaced':
    case 'denied':
    case 'cancelled':
    case 'rejected':
    case 'expired':
      return kind
    default:
      return 'cancel_rejected'
  }
}
