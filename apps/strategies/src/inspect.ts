import { LIVE_TIMEFRAMES, mendOf, refuse } from '@contrail/contracts'
import { inspectBundle } from '@contrail/runtime/bundle'
import type { z } from 'zod'

/** What a strategy module says of itself, and whether it takes the given parameters. */
export type Manifest = {
  readonly name: string
  readonly description: string
  readonly parametersSchema: Record<string, unknown>
  /** All parameters, defaults filled in. */
  readonly parameters: Record<string, unknown>
  readonly inputs: readonly { kind: string; venue: string; instrument: string; timeframe?: string }[]
}
type Refused = { ok: false; code: string; field: string; value: string; mend: string; issue?: z.core.$ZodIssue }
type Answer = { ok: true; manifest: Manifest } | Refused

/** Runs inside the thread that holds the module. */
const PROBE = `async (module, parameters) => {
  const definition = module.default
  const no = (code, field, value, mend) => ({ ok: false, code, field, value: String(value), mend })
  if (!definition || typeof definition !== 'object') return no('no_strategy', 'default export', typeof definition, 'export default defineStrategy({ ... })')
  if (typeof definition.name !== 'string' || !/^[a-z][a-z0-9-]{0,39}$/.test(definition.name)) return no('invalid_name', 'name', definition.name, 'use small letters, digits and "-", at most 40')
  if (typeof definition.parameters?.safeParse !== 'function') return no('no_parameters', 'parameters', typeof definition.parameters, 'give a zod schema, at least z.object({})')
  for (const handler of ['inputs', 'state']) if (typeof definition[handler] !== 'function') return no('missing', handler, typeof definition[handler], 'it must be a function')
  const parsed = definition.parameters.safeParse(parameters)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const path = issue.path.join('.')
    const found = issue.path.reduce((at, key) => at?.[key], parameters)
    const { code, message, expected, origin, minimum, maximum, inclusive, keys, format, pattern, divisor, values } = issue
    const said = { code, message, expected, origin, minimum, maximum, inclusive, keys, format, pattern: pattern && String(pattern), divisor, values: values && values.map(String) }
    return { ...no('invalid_parameter', 'parameters.' + path, found === undefined ? 'nothing' : JSON.stringify(found), issue.message), issue: said }
  }
  // A schema leaves out what it does not know: a name that was misspelt would run with its default.
  const known = Object.keys(definition.parameters.shape ?? {})
  const unknown = Object.keys(parameters).find((name) => !known.includes(name) && !Object.hasOwn(Object(parsed.data), name))
  if (unknown !== undefined) return no('unknown_parameter', 'parameters.' + unknown, JSON.stringify(parameters[unknown]), 'the strategy has ' + (known.join(', ') || 'none'))
  const inputs = definition.inputs(parsed.data)
  if (!Array.isArray(inputs) || inputs.length === 0) return no('no_inputs', 'inputs', JSON.stringify(inputs), 'name at least one market to listen to')
  definition.state(parsed.data)
  return { ok: true, manifest: {
    name: definition.name, description: definition.description ?? '', inputs, parameters: parsed.data,
    parametersSchema: typeof definition.parameters.toJSONSchema === 'function' ? definition.parameters.toJSONSchema() : {},
  } }
}`

export async function inspectStrategy(bundle: string, parameters: Record<string, unknown>): Promise<Manifest> {
  const answer = await inspectBundle<Answer>(bundle, PROBE, parameters)
  if (!answer.ok) throw refuse(answer.code, answer.field, answer.value, answer.issue ? mendOf(answer.issue) : answer.mend)
  const { manifest } = answer
  const live: readonly string[] = LIVE_TIMEFRAMES
  const unmade = manifest.inputs.find(({ timeframe }) => timeframe !== undefined && !live.includes(timeframe))
  if (unmade) throw refuse('no_live_bars', 'inputs', unmade.timeframe, `bars of live trades are of ${live.join(', ')}`)
  return manifest
}
