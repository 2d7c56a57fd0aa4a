import { addDecimal, refuse } from '@contrail/contracts'
import type { PnlView } from '@contrail/contracts'
import { get, query } from '../lib/client.ts'
import { printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'

const GROUPS = ['strategy', 'instrument', 'day', 'account']

export default command(
  'pnl',
  'Profit and loss',
  { by: { type: 'string', description: GROUPS.join(', '), default: 'strategy' } },
  async ({ by, json }) => {
    if (!GROUPS.includes(by)) throw refuse('usage', '--by', by, `one of ${GROUPS.join(', ')}`)
    const list = await get<{ items: PnlView[] }>(`/v1/pnl${query({ group: by })}`)
    if (json) return printJson(list)
    printTable(
      list.items.map((row) => ({
        [by]: row.group,
        currency: row.currency,
        realised: row.realised,
        unrealised: row.unrealised,
        fees: row.fees,
        fills: row.fills,
        ...(row.capital !== undefined && { capital: row.capital, equity: equityOf(row) }),
      })),
      'nothing booked yet',
    )
  },
)

const equityOf = ({ capital = '0', realised, unrealised }: PnlView): string =>
  addDecimal(capital, addDecimal(realised, unrealised))
