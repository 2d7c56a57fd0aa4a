import { Refusal } from '@contrail/contracts'
import { defineCommand } from 'citty'
import type { ArgsDef, CommandDef, ParsedArgs } from 'citty'
import { printJson, styled } from './print.ts'

/** 0 ok, 1 fault, 2 usage, 3 not found, 4 conflict, 5 refused, 6 timed out or not reachable, 7 not allowed. */
export const EXIT = {
  ok: 0,
  fault: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  refused: 5,
  unreachable: 6,
  auth: 7,
} as const

export function exitOf(code: string): number {
  if (/^no_file$|not_found$|^unknown_(?!argument|command|option)/.test(code)) return EXIT.notFound
  if (/^unauth|^forbidden|^invalid_token/.test(code)) return EXIT.auth
  if (/^conflict|^already_|^duplicate/.test(code)) return EXIT.conflict
  if (/^timed_out|^unavailable|^not_ready/.test(code)) return EXIT.unreachable
  if (/^(usage|invalid|bad_|missing|off_step|unknown_)/.test(code)) return EXIT.usage
  return EXIT.refused
}

const common = { json: { type: 'boolean', description: 'Print JSON with a stable shape' } } as const
type WithCommon<A extends ArgsDef> = A & typeof common

/** A command: `--json` everywhere, a refusal in one line with its mend, an exit code that means something. */
export function command<A extends ArgsDef>(
  name: string,
  description: string,
  args: A,
  run: (args: ParsedArgs<WithCommon<A>>) => Promise<void> | void,
): CommandDef<WithCommon<A>> {
  const all = { ...args, ...common } as WithCommon<A>
  return defineCommand({
    meta: { name, description },
    args: all,
    run: async ({ args: given }) => {
      try {
        refuseUnknown(given as Record<string, unknown>, all)
        await run(given as ParsedArgs<WithCommon<A>>)
      } catch (error) {
        report(error, (given as { json?: boolean }).json === true)
      }
    },
  }) as CommandDef<WithCommon<A>>
}

function refuseUnknown(given: Record<string, unknown>, args: ArgsDef): void {
  const known = new Set<string>()
  for (const [name, definition] of Object.entries(args)) {
    const alias = (definition as { alias?: string | string[] }).alias ?? []
    for (const one of [name, camelCase(name), ...[alias].flat()]) known.add(one)
  }
  for (const key of Object.keys(given)) {
    if (key === '_' || known.has(key)) continue
    throw new Refusal(
      'unknown_option',
      'option',
      `${key.length === 1 ? '-' : '--'}${key}`,
      'see --help for the options there are',
    )
  }
}

const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

export function report(error: unknown, json: boolean): void {
  const refusal = error instanceof Refusal ? error : undefined
  if (json) {
    printJson({
      error: refusal
        ? { code: refusal.code, field: refusal.field, value: refusal.value, mend: refusal.mend }
        : { code: 'fault', detail: String(error) },
    })
  } else if (refusal) {
    process.stderr.write(`${styled('red', refusal.code)}  ${refusal.field}: ${refusal.value}\n  ${refusal.mend}\n`)
  } else {
    process.stderr.write(`${styled('red', 'fault')}  ${error instanceof Error ? error.message : String(error)}\n`)
  }
  process.exitCode = refusal ? exitOf(refusal.code) : EXIT.fault
}
