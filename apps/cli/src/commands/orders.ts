import type { OrderView } from '@contrail/contracts'
import { get, query } from '../lib/client.ts'
import { clockOf, printJson, printMore, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { filterArgs } from '../lib/filters.ts'

export default command(
  'orders',
  'List orders, newest first',
  { ...filterArgs, open: { type: 'boolean', description: 'Only those that may still fill' } },
  async ({ account, strategy, instrument, limit, open, json }) => {
    const status = open ? 'open' : 'all'
    const list = await get<{ items: OrderView[]; next?: string }>(
      `/v1/orders${query({ account, strategy, instrument, limit, status })}`,
    )
    if (json) return printJson(list)
    printTable(
      list.items.map((order) => ({
        time: clockOf(order.createdUs),
        order: order.orderId,
        instrument: order.instrument,
        side: order.side,
        type: order.orderType,
        quantity: order.quantity,
        price: order.price ?? order.stopPrice ?? '',
        status: order.status,
        filled: order.cumQuantity,
        average: order.averagePrice ?? '',
        why: order.reason?.code ?? '',
      })),
      'no orders yet',
    )
    printMore(list)
  },
)
