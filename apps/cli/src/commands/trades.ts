import type { FillView } from '@contrail/contracts'
import { get, query } from '../lib/client.ts'
import { filterArgs } from '../lib/filters.ts'
import { clockOf, printJson, printMore, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'

export default command('trades', 'List fills, newest first', filterArgs, async (args) => {
  const { account, strategy, instrument, limit } = args
  const list = await get<{ items: FillView[]; next?: string }>(
    `/v1/fills${query({ account, strategy, instrument, limit })}`,
  )
  if (args.json) return printJson(list)
  printTable(
    list.items.map((fill) => ({
      time: clockOf(fill.atUs),
      trade: fill.tradeId,
      order: fill.orderId,
      instrument: fill.instrument,
      side: fill.side,
      quantity: fill.quantity,
      price: fill.price,
      fee: `${fill.fee} ${fill.feeAsset}`,
      liquidity: fill.liquidity,
    })),
    'no fills yet',
  )
  printMore(list)
})
