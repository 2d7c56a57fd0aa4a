import { post } from '../lib/client.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { scopeArgs, scopeOf } from '../lib/scope.ts'

export default command(
  'halt',
  'Kill switch: no new order leaves, open orders in the scope are cancelled',
  {
    ...scopeArgs,
    reducing: { type: 'boolean', description: 'Still allow orders that reduce a position' },
    reason: { type: 'string', description: 'Why; kept', default: 'halted by a person' },
  },
  async (args) => {
    const state = args.reducing ? 'reducing' : 'halted'
    const halt = await post('/v1/halts', { scope: scopeOf(args), state, reason: args.reason })
    if (args.json) return printJson(halt)
    process.stdout.write(`${scopeOf(args)} is ${state}\n`)
  },
)
