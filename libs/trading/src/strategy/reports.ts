import { decodeConfirm } from '@contrail/contracts'
import type { Confirm } from '@contrail/contracts'

/** What one message of the order service tells, in its order. */
export const decodeReports = (data: Uint8Array): readonly Confirm[] => reportsOf(decodeConfirm(data))

/**
 * A fill that names the venue's order implies its acceptance (orders.md: "150=F first"): the order service sends no report of
 * that where both came at once. Here it becomes the two reports that it stands for, for whoever shows them or reacts to them.
 */
export function reportsOf(report: Confirm): readonly Confirm[] {
  if (report.fill === undefined || report.venueOrderId === undefined) return [report]
  const { fill: _fill, reason: _reason, ...order } = report
  const { reportId, quantity } = report
  const untouched = { status: 'new', cumQuantity: '0', leavesQuantity: quantity } as const
  return [{ ...order, ...untouched, type: 'accepted', reportId: `${reportId}-accepted` }, report]
}
