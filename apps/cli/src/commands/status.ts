import type { StatusView } from '@contrail/contracts'
import { get } from '../lib/client.ts'
import { printJson, printTable, styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'

export default command('status', 'What runs, and how it is', {}, async ({ json }) => {
  const status = await get<StatusView>('/v1/status')
  if (json) return printJson(status)
  printTable(
    status.services.map(({ name, ready, reasons }) => ({
      service: name,
      state: ready ? styled('green', 'ready') : styled('red', 'not ready'),
      why: reasons.join('; '),
    })),
    'no service answers',
  )
  for (const { scope, state, reason } of status.halts)
    process.stdout.write(`${styled('red', `${scope} is ${state}`)}: ${reason}\n`)
  if (status.services.some(({ ready }) => !ready)) process.exitCode = 6
})
