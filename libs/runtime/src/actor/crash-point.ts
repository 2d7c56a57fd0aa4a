/**
 * Named places where a proof may kill the process: `CONTRAIL_CRASH_AT=<point>[:n]` makes it SIGKILL itself at the n-th
 * pass. Free when unset. Each room that guards money names its points here, so that a proof can visit them all.
 */
export const CRASH_POINTS = [
  'actor.before_publish',
  'actor.published',
  'actor.acknowledged',
  'actor.before_checkpoint',
  'actor.after_checkpoint',
  'actor.activated',
  'actor.mid_replay',
  'orders.before_attempt',
  'orders.after_commit_before_send',
  'orders.paper_before_commit',
  'orders.paper_after_commit',
  'orders.after_send_before_record',
  'orders.after_record_before_publish',
  'orders.after_publish_before_mark',
  'orders.after_publish_before_ack',
  'orders.report_before_commit',
  'orders.mid_reconcile',
  'orders.resend_before_send',
  'portfolio.before_commit',
  'portfolio.shown_before_booked',
  'portfolio.after_commit_before_kv',
  'portfolio.after_kv_before_ack',
] as const
export type CrashPoint = (typeof CRASH_POINTS)[number]

/** What `CONTRAIL_CRASH_AT` says, or undefined. An unknown name is refused: a proof that never fires proves nothing. */
export function parseCrashAt(text: string | undefined): { point: CrashPoint; passes: number } | undefined {
  if (!text) return undefined
  const [name = '', count = '1'] = text.split(':')
  const point = CRASH_POINTS.find((known) => known === name)
  const passes = Number(count)
  if (!point || !Number.isInteger(passes) || passes < 1)
    throw new Error(`CONTRAIL_CRASH_AT: "${text}" is not one of ${CRASH_POINTS.join(', ')}, with :n from 1`)
  return { point, passes }
}

const armed = parseCrashAt(process.env['CONTRAIL_CRASH_AT']) // tidy-ok: must be armed before any config is read
let passesLeft = armed?.passes ?? 0

export function crashPoint(point: CrashPoint): void {
  if (armed === undefined || armed.point !== point) return
  passesLeft -= 1
  if (passesLeft === 0) process.kill(process.pid, 'SIGKILL')
}

/** After what was just asked for has left the process, before its answer can have come. */
export function crashPointSoon(point: CrashPoint): void {
  if (armed === undefined || armed.point !== point) return
  setImmediate(() => crashPoint(point)) // tidy-ok: only when a proof has armed it
}
