import type { StrategyView } from '@contrail/contracts'
import { get } from '../lib/client.ts'
import { ago, printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { whyNot } from '../lib/trouble.ts'

export default command('strategies', 'List the strategies', {}, async ({ json }) => {
  const list = await get<{ items: StrategyView[] }>('/v1/strategies')
  if (json) return printJson(list)
  printTable(
    list.items.map((one) => ({
      strategy: one.strategy,
      definition: one.definition,
      desired: one.desired,
      actual: one.actual,
      decisions: one.decisions,
      account: one.account,
      changed: ago(one.updatedUs),
      code: one.code.slice(0, 12),
      why: whyNot(one) ?? '',
    })),
    'no strategy yet: contrail new strategy my-first',
  )
})
