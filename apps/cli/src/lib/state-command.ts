import type { OrderView, StrategyView } from '@contrail/contracts'
import { get, post, query } from './client.ts'
import { printJson } from './print.ts'
import { command } from './run.ts'

const WORDS = {
  pause: 'Keep a strategy listening, stop its orders',
  stop: 'Stop a strategy; its state is kept',
} as const

export function stateCommand(verb: keyof typeof WORDS) {
  return command(
    verb,
    WORDS[verb],
    {
      strategy: { type: 'positional', description: 'Its id', required: true },
      reason: { type: 'string', description: 'Kept in its history', default: 'asked for' },
    },
    ({ strategy, reason, json }) => setState(verb, strategy, reason, json === true),
  )
}

export async function setState(verb: string, strategy: string, reason: string, json: boolean): Promise<void> {
  const view = await post<StrategyView>(`/v1/strategies/${encodeURIComponent(strategy)}/${verb}`, { reason })
  if (json) return printJson(view)
  process.stdout.write(`${view.strategy} shall be ${view.desired}\n`)
  if (verb === 'stop' || verb === 'pause') await sayResting(view.strategy)
}

/** Orders at a venue know nothing of a strategy that no longer listens. */
async function sayResting(strategy: string): Promise<void> {
  const { items } = await get<{ items: OrderView[] }>(`/v1/orders${query({ strategy, status: 'open', limit: 500 })}`)
  if (items.length === 0) return
  process.stdout.write(
    `  ${items.length} of its orders may still fill (contrail orders --open --strategy ${strategy}); ` +
      `contrail halt --strategy ${strategy} cancels them\n`,
  )
}
