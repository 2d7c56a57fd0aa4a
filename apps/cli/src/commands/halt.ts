import { setHalt } from '../lib/halts.ts'
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
    const halt = await setHalt(scopeOf(args), state, args.reason)
    if (args.json) return printJson(halt)
    const how = halt.through === 'bus' ? ' (the gateway does not answer; told orders over the bus)' : ''
    process.stdout.write(`${halt.scope} is ${state}${how}\n`)
  },
)
