import { readFileSync } from 'node:fs'
import path from 'node:path'
import { refuse } from '@contrail/contracts'

/** Strategies to begin with; each lies in `templates/` with a test that needs no service. */
export const TEMPLATES = ['cross', 'reversion', 'grid', 'pairs', 'market-making', 'blank'] as const
export type TemplateName = (typeof TEMPLATES)[number]

/** The two files of a template under a name of one's own. */
export function template(chosen: string, name: string): { strategy: string; test: string } {
  if (!(TEMPLATES as readonly string[]).includes(chosen))
    throw refuse('usage', '--template', chosen, `one of ${TEMPLATES.join(', ')}`)
  const read = (end: string) => readFileSync(path.join(import.meta.dirname, '../templates', `${chosen}${end}`), 'utf8')
  return {
    strategy: read('.ts').replace('template-name', name),
    test: read('.suite.ts').replace(`./${chosen}.ts`, `./${name}.ts`),
  }
}
