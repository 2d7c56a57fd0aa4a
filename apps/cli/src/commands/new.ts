import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { refuse, STRATEGY_ID_PATTERN } from '@contrail/contracts'
import { root } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { template, TEMPLATES } from '../lib/templates.ts'

export default command(
  'new',
  'Make a strategy from a template: contrail new strategy my-first',
  {
    kind: { type: 'positional', description: 'strategy', required: true },
    name: { type: 'positional', description: 'Small letters, digits and "-", at most 20', required: true },
    template: { type: 'string', description: TEMPLATES.join(', '), default: 'cross' },
  },
  ({ kind, name, template: chosen, json }) => {
    if (kind !== 'strategy') throw refuse('usage', 'kind', kind, 'contrail new strategy NAME')
    if (!/^[a-z][a-z0-9-]*$/.test(name) || !STRATEGY_ID_PATTERN.test(name))
      throw refuse('invalid_name', 'name', name, 'use small letters, digits and "-", at most 20, a letter first')
    const file = path.join(root, 'strategies', `${name}.ts`)
    if (existsSync(file))
      throw refuse('already_there', 'file', path.relative(process.cwd(), file), 'choose another name')
    const made = template(chosen, name)
    const test = file.replace(/\.ts$/, '.test.ts')
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, made.strategy)
    if (!existsSync(test)) writeFileSync(test, made.test)
    const shown = path.relative(process.cwd(), file)
    if (json) return printJson({ file, test, name, template: chosen })
    process.stdout.write(`made ${shown} and ${path.basename(test)}\n\n`)
    process.stdout.write(`  try it:    node --test ${path.relative(process.cwd(), test)}\n`)
    process.stdout.write(`  check it:  npx contrail check ${name}\n`)
    process.stdout.write(`  run it:    npx contrail dev ${name}\n`)
  },
)
