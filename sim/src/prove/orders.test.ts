import { expect, test } from 'vitest'
import { ORDER_POINTS, proveOrders } from './orders.ts'

/** The small sister of `npm run prove:orders`: a few points, one of each sort of danger. */
test('orders and portfolio that are killed send nothing twice and lose no fill', async () => {
  const result = await proveOrders({
    points: ['orders.paper_after_commit', 'orders.resend_before_send'],
    kinds: ['market', 'cancel'],
    rounds: 0,
    ownPostgres: false,
    servers: false,
    latency: false,
    say: () => undefined,
  })
  expect(result.violations).toEqual([])
  expect(result.coverage['orders.resend_before_send']).toEqual({ market: 'ok', cancel: 'ok' })
  expect(result.totals.kills).toBeGreaterThanOrEqual(4)
}, 240_000)

test('every crash point of orders and portfolio is among those that are visited', () => {
  expect(ORDER_POINTS.length).toBeGreaterThanOrEqual(13)
})
