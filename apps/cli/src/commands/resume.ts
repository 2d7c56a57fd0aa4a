import { setHalt } from '../lib/halts.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { scopeArgs, scopeOf } from '../lib/scope.ts'
import { setState } from '../lib/state-command.ts'

export default command(
  'resume',
  'Resume a paused strategy (contrail resume my-first), or trading after a halt (contrail resume --all)',
  {
    name: { type: 'positional', description: 'A paused strategy', required: false },
    ...scopeArgs,
    reason: { type: 'string', description: 'Why; kept', default: 'resumed by a person' },
  },
  async (args) => {
    if (args.name !== undefined) return await setState('resume', args.name, args.reason, args.json === true)
    const halt = await setHalt(scopeOf(args), 'active', args.reason)
    if (args.json) return printJson(halt)
    process.stdout.write(`${scopeOf(args)} may trade\n`)
  },
)
