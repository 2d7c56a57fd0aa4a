import type { AlertView } from '@contrail/contracts'
import { get, query } from '../lib/client.ts'
import { isoOf, printJson, printMore, printTable, styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'

const COLOURS = { critical: 'red', warning: 'yellow', info: 'dim' } as const

export default command(
  'alerts',
  'What a person should see: fills not booked, strategies that were halted ... newest first',
  { limit: { type: 'string', description: 'At most so many, 1 to 500', default: '50' } },
  async ({ limit, json }) => {
    const list = await get<{ items: AlertView[]; next?: string }>(`/v1/alerts${query({ limit })}`)
    if (json) return printJson(list)
    printTable(
      list.items.map((alert) => ({
        time: isoOf(alert.atUs).slice(0, 19).replace('T', ' '),
        severity: styled(COLOURS[alert.severity], alert.severity),
        kind: alert.kind,
        by: alert.source,
        text: alert.text,
      })),
      'no alerts',
    )
    printMore(list)
  },
)
