import { refuse } from '@contrail/contracts'
import type { OrderView } from '@contrail/contracts'
import { call, post } from '../lib/client.ts'
import { orderKind } from '../lib/order-kind.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'

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
    const order = await post<{ orderId: string }>('/v1/orders', {
      venue,
      instrument,
      side: verb,
      quantity: what,
      ...orderKind({ price, stop, touch, trail }),
      ...(account ? { account } : {}),
    })
    if (json) return printJson(order)
    process.stdout.write(`placed ${order.orderId}; see contrail explain ${order.orderId}\n`)
  },
)
