import { setTimeout } from 'node:timers/promises'
import { Refusal, refuse, TERMINAL_STATUSES } from '@contrail/contracts'
import type { OrderView } from '@contrail/contracts'
import { call, get, post } from '../lib/client.ts'
import { orderKind } from '../lib/order-kind.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'

/** How long an answer of the venue is waited for, and how often it is asked for. */
const OUTCOME_MS_MAX = 3000
const OUTCOME_POLL_MS = 40

export default command(
  'order',
  'Place an order by hand (contrail order buy 0.01 sim.BTC-USDT), or cancel one (contrail order cancel ID)',
  {
    verb: { type: 'positional', description: 'buy, sell or cancel', required: true },
    what: { type: 'positional', description: 'Quantity in base, or the id to cancel', required: true },
    where: { type: 'positional', description: 'venue.BASE-QUOTE', required: false },
    price: { type: 'string', description: 'Limit price: makes it a limit order' },
    stop: { type: 'string', description: 'Stop price: works once the market is as bad' },
    touch: { type: 'string', description: 'Take-profit price: works once the market is as good' },
    trail: { type: 'string', description: 'Trailing stop: distance in price, or in percent (1.5%)' },
    account: { type: 'string', description: 'Which account' },
  },
  async ({ verb, what, where, price, stop, touch, trail, account, json }) => {
    if (verb === 'cancel') {
      const order = await call<OrderView>('DELETE', `/v1/orders/${encodeURIComponent(what)}`)
      if (json) return printJson(order)
      return void process.stdout.write(`asked to cancel ${what}\n`)
    }
    if (verb !== 'buy' && verb !== 'sell') throw refuse('usage', 'verb', verb, 'buy, sell or cancel')
    const [venue, instrument] = where?.split('.') ?? []
    if (!venue || !instrument)
      throw refuse('usage', 'where', where ?? 'nothing', 'write venue.BASE-QUOTE: sim.BTC-USDT')
    const { orderId } = await post<{ orderId: string }>('/v1/orders', {
      venue,
      instrument,
      side: verb,
      quantity: what,
      ...orderKind({ price, stop, touch, trail }),
      ...(account ? { account } : {}),
    })
    const order = await outcomeOf(orderId)
    if (order?.reason && (order.status === 'denied' || order.status === 'rejected'))
      throw new Refusal(
        order.reason.code,
        orderId,
        order.status,
        `${order.reason.text}; see contrail explain ${orderId}`,
      )
    if (json) return printJson(order ?? { orderId })
    process.stdout.write(`${order ? told(order) : `sent ${orderId}`}; see contrail explain ${orderId}\n`)
  },
)

/** How the order stands as soon as it is judged; a market order when it is done. Undefined: nobody said so in time. */
async function outcomeOf(orderId: string): Promise<OrderView | undefined> {
  const endMs = performance.now() + OUTCOME_MS_MAX
  let last: OrderView | undefined
  while (performance.now() < endMs) {
    last = await get<OrderView>(`/v1/orders/${orderId}`).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === 'not_found') return undefined
      throw error
    })
    const working = last && last.orderType !== 'market' && last.status !== 'pending_new'
    if (last && (working || TERMINAL_STATUSES.has(last.status))) return last
    await setTimeout(OUTCOME_POLL_MS)
  }
  return last
}

function told({ orderId, status, side, quantity, cumQuantity, averagePrice, instrument }: OrderView): string {
  const done = Number(cumQuantity) > 0 ? `: ${side} ${cumQuantity} of ${quantity} ${instrument} at ${averagePrice}` : ''
  return `${orderId} is ${status}${done}`
}
