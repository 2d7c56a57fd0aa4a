import type { StatusView } from '@contrail/contracts'
import { Refusal, refuse } from '@contrail/contracts'
import { call } from '../lib/client.ts'
import { gatewayUrl } from '../lib/home.ts'
import { busAccepts, diskFreeBytes, wasStarted } from '../lib/outside.ts'
import { printJson, printTable, styled } from '../lib/print.ts'
import { command, EXIT, exitOf } from '../lib/run.ts'

/** The gateway asks each service for two seconds at most. */
const ANSWER_MS_MAX = 4_000

export default command('status', 'What runs, and how it is', {}, async ({ json }) => {
  const status = await call<StatusView>('GET', '/v1/status', undefined, ANSWER_MS_MAX).catch(fromOutside)
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

/** Nobody answers, as while the disk is full: said with what can be seen from here. */
async function fromOutside(error: unknown): Promise<never> {
  if (!(error instanceof Refusal) || exitOf(error.code) !== EXIT.unreachable || !wasStarted()) throw error
  const bus = (await busAccepts()) ? 'the bus takes connections' : 'the bus takes no connection'
  const found = `${gatewayUrl()} does not answer; ${bus}; ${(diskFreeBytes() / 1e9).toFixed(2)} GB of disk free`
  throw refuse(
    error.code,
    'platform',
    found,
    'free space where there is none; npm start where nothing runs; contrail doctor looks further',
  )
}
