import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { StrategyView } from '@contrail/contracts'
import { call, get, post } from '../lib/client.ts'
import { deploy } from '../lib/deploy.ts'
import { strategyFile } from '../lib/files.ts'
import { chosenOf, withChosen } from '../lib/kept.ts'
import { parameters } from '../lib/parameters.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { setState } from '../lib/state-command.ts'

/** A file is bundled here, so that its errors name your lines, and sent; a known id is started. */
export default command(
  'start',
  'Start a strategy: one that is known, a file of strategies/, a path, or a built-in definition',
  {
    strategy: { type: 'positional', description: 'Id, file or definition', required: true },
    as: { type: 'string', description: 'Id to run it under (default: its name)' },
    set: { type: 'string', description: 'Parameters: --set fast=5,slow=20; others stay as they were chosen before' },
    account: { type: 'string', description: 'Where it trades (default: paper)' },
  },
  async ({ strategy, as, set, account, json }) => {
    const file = strategyFile(strategy)
    const known = await get<{ items: StrategyView[] }>('/v1/strategies')
    const id = as ?? path.basename(strategy).replace(/\.ts$/, '')
    const before = known.items.find((one) => one.strategy === id)
    if (!file && before && as === undefined) {
      const change = { parameters: parameters(set) }
      if (set !== undefined) await call('PATCH', `/v1/strategies/${encodeURIComponent(id)}/parameters`, change)
      return await setState('start', id, 'asked for', json === true)
    }
    const body = { strategy: id, ...(account ? { account } : {}) }
    const send = (all: Record<string, unknown>): Promise<StrategyView> =>
      file
        ? deployFile(file, { ...body, parameters: all })
        : post<StrategyView>('/v1/strategies', { ...body, parameters: all, definition: strategy })
    const view = await withChosen(before ? chosenOf(before) : {}, parameters(set), send)
    if (json) return printJson(view)
    process.stdout.write(`${view.strategy} runs ${view.definition} ${view.code.slice(0, 12)} on ${view.account}\n`)
    process.stdout.write(`  ${JSON.stringify(view.parameters)}\n`)
  },
)

async function deployFile(file: string, body: Record<string, unknown>): Promise<StrategyView> {
  const { bundleModule } = await import('@contrail/runtime/bundle')
  return await deploy({ ...body, source: readFileSync(file, 'utf8') }, (await bundleModule(file)).text)
}
