import type { PositionView } from '@contrail/contracts'
import { get, query } from '../lib/client.ts'
import { printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'

export default command(
  'positions',
  'Positions with realised and unrealised profit and loss',
  {
    account: { type: 'string', description: 'Only this account' },
    strategy: { type: 'string', description: 'Only this strategy' },
  },
  async ({ account, strategy, json }) => {
    const list = await get<{ items: PositionView[] }>(`/v1/positions${query({ account, strategy })}`)
    if (json) return printJson(list)
    printTable(
      list.items.map((one) => ({
        account: one.account,
        strategy: one.strategy,
        instrument: one.instrument,
        quantity: one.quantity,
        average: one.averagePrice,
        mark: one.mark ?? '',
        unrealised: one.unrealised ?? '',
        realised: one.realised,
        fees: one.fees,
        fills: one.fills,
      })),
      'no positions yet',
    )
  },
)
