import { refuse } from '@contrail/contracts'
import { z } from 'zod'

export type Value = number | string | boolean
export type ParameterSet = Readonly<Record<string, Value>>
export type Dimension =
  | {
      readonly kind: 'number'
      readonly name: string
      readonly low: number
      readonly high: number
      /** Values are low, low + step, ...; none = any double between the ends. */
      readonly step: number | undefined
      readonly log: boolean
    }
  | { readonly kind: 'choice'; readonly name: string; readonly choices: readonly Value[] }

/** What is searched, and what stays as it is. */
export type Space = {
  readonly dimensions: readonly Dimension[]
  readonly fixed: Readonly<Record<string, unknown>>
  /** Numbers that could be searched but have no ends, so they stay at their default. */
  readonly unbounded: readonly string[]
}

export type SpaceOptions = {
  /** `fast=2..50`, `fast=2..50:5`, `size=0.1..10:log`, `mode=a|b`, `fast` (its own range). Given any, only these are searched. */
  readonly space?: readonly string[]
  /** Values that stay: never searched. */
  readonly set?: Readonly<Record<string, unknown>>
}

type Property = {
  type?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  multipleOf?: number
  enum?: Value[]
  const?: Value
  default?: unknown
}

/** Beyond this a bound is the format's, not the author's (zod gives every integer the safe range). */
const BOUND_MAX = 1e12
export const DIMENSIONS_MAX = 50

/** The space of a strategy, from the zod schema of its parameters. */
export function spaceOf(parameters: z.ZodType, options: SpaceOptions = {}): Space {
  const { properties, required } = propertiesOf(parameters)
  const set = options.set ?? {}
  const asked = new Map((options.space ?? []).map((text) => splitAsked(text)))
  for (const name of [...asked.keys(), ...Object.keys(set)]) {
    if (!properties[name])
      throw refuse('unknown_parameter', name, name, `the strategy has ${Object.keys(properties).join(', ')}`)
    if (asked.has(name) && name in set) throw refuse('usage', '--space', name, `--set ${name} says that it stays`)
  }
  const dimensions: Dimension[] = []
  const unbounded: string[] = []
  for (const [name, property] of Object.entries(properties)) {
    if (name in set) continue
    const range = asked.get(name)
    if (range !== undefined) dimensions.push(askedDimension(name, range, property))
    else if (asked.size === 0) {
      const found = ownDimension(name, property)
      if (found) dimensions.push(found)
      else if (isNumber(property)) unbounded.push(name)
    }
    if (range === undefined && required.has(name) && property.default === undefined && !has(dimensions, name))
      throw refuse('unbounded', name, 'no range and no default', mend(name, property))
  }
  if (dimensions.length === 0)
    throw refuse('nothing_to_search', 'space', Object.keys(properties).join(', '), 'name one: --space fast=2..50')
  if (dimensions.length > DIMENSIONS_MAX)
    throw refuse('too_large', 'space', `${dimensions.length} parameters`, `search at most ${DIMENSIONS_MAX}: --space`)
  return { dimensions, fixed: set, unbounded }
}

const has = (dimensions: readonly Dimension[], name: string): boolean => dimensions.some((one) => one.name === name)
const isNumber = ({ type }: Property): boolean => type === 'number' || type === 'integer'
const mend = (name: string, property: Property): string =>
  isNumber(property)
    ? `--space ${name}=2..50 (or 2..50:5 with a step), or --set ${name}=10, or .min() and .max() in its schema`
    : `--space ${name}='a|b', or --set ${name}=a`

function propertiesOf(parameters: z.ZodType): { properties: Record<string, Property>; required: Set<string> } {
  const shape = z.toJSONSchema(parameters, { unrepresentable: 'any', io: 'input' }) as {
    properties?: Record<string, Property>
    required?: string[]
  }
  if (!shape.properties)
    throw refuse('no_parameters', 'parameters', 'not an object', 'parameters: z.object({ fast: z.number().int() ... })')
  return { properties: shape.properties, required: new Set(shape.required) }
}

/** Names of the parameters. */
export const namesOf = (parameters: z.ZodType): string[] => Object.keys(propertiesOf(parameters).properties)

function splitAsked(text: string): [name: string, range: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function ownDimension(name: string, property: Property): Dimension | undefined {
  if (property.type === 'boolean') return { kind: 'choice', name, choices: [false, true] }
  if (property.enum && property.enum.length > 1) return { kind: 'choice', name, choices: property.enum }
  if (!isNumber(property)) return undefined
  const whole = property.type === 'integer'
  const step = property.multipleOf ?? (whole ? 1 : undefined)
  const low = property.minimum ?? (property.exclusiveMinimum === undefined ? undefined : inside(property, 1))
  const high = property.maximum ?? (property.exclusiveMaximum === undefined ? undefined : inside(property, -1))
  if (low === undefined || high === undefined || Math.abs(low) > BOUND_MAX || Math.abs(high) > BOUND_MAX)
    return undefined
  return numberDimension(name, low, high, step, false)
}

/** The first value inside an open bound. */
function inside(property: Property, direction: 1 | -1): number {
  const bound = (direction > 0 ? property.exclusiveMinimum : property.exclusiveMaximum) as number
  const other = (direction > 0 ? property.maximum : property.minimum) ?? bound + direction
  return bound + direction * (property.type === 'integer' ? 1 : Math.abs(other - bound) * 1e-6)
}

function askedDimension(name: string, range: string, property: Property): Dimension {
  if (range === '') {
    const own = ownDimension(name, property)
    if (!own) throw refuse('unbounded', name, 'no range of its own', mend(name, property))
    return own
  }
  const numbers = /^(-?[\d.]+(?:e-?\d+)?)\.\.(-?[\d.]+(?:e-?\d+)?)(?::(log|[\d.]+(?:e-?\d+)?))?$/.exec(range)
  if (numbers) {
    if (!isNumber(property)) throw refuse('usage', '--space', `${name}=${range}`, mend(name, property))
    const [low, high] = [Number(numbers[1]), Number(numbers[2])]
    const log = numbers[3] === 'log'
    const step = log || numbers[3] === undefined ? undefined : Number(numbers[3])
    const own = property.multipleOf ?? (property.type === 'integer' ? 1 : undefined)
    return numberDimension(name, low, high, step ?? own, log)
  }
  const choices = range.split('|').map((text) => choiceOf(text.trim(), property))
  if (range.includes('..') || choices.some((one) => one === undefined))
    throw refuse('usage', '--space', `${name}=${range}`, mend(name, property))
  return { kind: 'choice', name, choices: [...new Set(choices as Value[])] }
}

function choiceOf(text: string, property: Property): Value | undefined {
  if (text === '') return undefined
  if (property.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (!isNumber(property)) return text
  return Number.isFinite(Number(text)) ? Number(text) : undefined
}

function numberDimension(name: string, low: number, high: number, step: number | undefined, log: boolean): Dimension {
  const shown = `${low}..${high}${step === undefined ? '' : `:${step}`}`
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high)
    throw refuse('usage', '--space', `${name}=${shown}`, 'write the lower end first: 2..50')
  if (step !== undefined && !(step > 0)) throw refuse('usage', '--space', `${name}=${shown}`, 'a step is more than 0')
  if (log && low <= 0) throw refuse('usage', '--space', `${name}=${shown}:log`, 'a logarithmic range begins above 0')
  return { kind: 'number', name, low, high, step, log }
}

/** How many values a dimension has; infinite for a range without a step. */
export function sizeOf(dimension: Dimension): number {
  if (dimension.kind === 'choice') return dimension.choices.length
  if (dimension.low === dimension.high) return 1
  return dimension.step === undefined
    ? Infinity
    : Math.floor((dimension.high - dimension.low) / dimension.step + 1e-9) + 1
}

/** The value at `index` of a dimension with steps or choices. */
export function valueAt(dimension: Dimension, index: number): Value {
  if (dimension.kind === 'choice') return dimension.choices[index] as Value
  return dimension.step === undefined ? dimension.low : tidy(dimension.low + index * dimension.step)
}

/** 0.1 + 2 * 0.1 is 0.3 to whoever reads it. */
const tidy = (value: number): number => Number(value.toPrecision(12))

/** From [0, 1] to a value: every step has an equal share. */
export function fromUnit(dimension: Dimension, unit: number): Value {
  const size = sizeOf(dimension)
  if (dimension.kind === 'choice' || (Number.isFinite(size) && !dimension.log))
    return valueAt(dimension, Math.min(size - 1, Math.max(0, Math.floor(unit * size))))
  const clipped = Math.min(1, Math.max(0, unit))
  const { low, high, step, log } = dimension
  const raw = log ? low * (high / low) ** clipped : low + clipped * (high - low)
  if (step === undefined) return Math.min(high, Math.max(low, raw))
  return valueAt(dimension, Math.min(size - 1, Math.max(0, Math.round((raw - low) / step))))
}

/** The middle of a value's share of [0, 1]. */
export function toUnit(dimension: Dimension, value: Value): number {
  if (dimension.kind === 'choice') return (dimension.choices.indexOf(value) + 0.5) / dimension.choices.length
  const { low, high, step, log } = dimension
  const number = value as number
  if (low === high) return 0.5
  if (log) return Math.log(number / low) / Math.log(high / low)
  if (step === undefined) return (number - low) / (high - low)
  return (Math.round((number - low) / step) + 0.5) / sizeOf(dimension)
}

export const pointOf = (space: Space, units: readonly number[]): ParameterSet =>
  Object.fromEntries(space.dimensions.map((dimension, i) => [dimension.name, fromUnit(dimension, units[i] as number)]))
export const unitsOf = (space: Space, point: ParameterSet): number[] =>
  space.dimensions.map((dimension) => toUnit(dimension, point[dimension.name] as Value))
/** All parameters of a run: the fixed ones and the searched ones. */
export const parametersOf = (space: Space, point: ParameterSet): Record<string, unknown> => ({
  ...space.fixed,
  ...point,
})
