import { existsSync } from 'node:fs'
import path from 'node:path'
import { mendOf, refuse } from '@contrail/contracts'
import { hashSeries } from '@contrail/data'
import { bundleModule, sha256Of } from '@contrail/runtime/bundle'
import { defaultAssumptions } from '@contrail/trading'
import type { Assumptions, InputSpec, MarketColumns, StrategyDefinition } from '@contrail/trading'
import { METRIC_NAMES } from '../metrics/catalogue.ts'
import { periodsPerYearOf } from '../metrics/daily.ts'
import { timesOfSeries } from '../run/columns.ts'
import { dataFor, openData } from '../run/data.ts'
import type { RunData } from '../run/data.ts'
import { fillFor } from '../run/fill.ts'
import { definitionOf } from '../run/definition.ts'
import { bundleStrategy } from '../run/strategy.ts'
import type { RunRequest } from '../run/types.ts'
import { shareSeries } from './evaluate.ts'
import type { TrialSetup } from './evaluate.ts'
import { random } from './random.ts'
import { namesOf, spaceOf, valueAt } from './space.ts'
import type { ParameterSet, Space } from './space.ts'
import { objectivesOf } from './trial.ts'
import type { Objective } from './trial.ts'
import { uniformPoint } from './uniform.ts'

/** A run, and what of it is searched for what. `parameters` of the run stay as they are. */
export type SearchRequest = {
  readonly run: RunRequest
  readonly space?: readonly string[]
  /** `sharpe`, `sharpe,maxDrawdown`, or a file with `export default (run) => number`; larger is better unless `:min`. */
  readonly objective: string
  readonly folder?: string
}
export type Search = {
  readonly name: string
  readonly definition: StrategyDefinition
  readonly setup: TrialSetup
  readonly space: Space
  readonly isFeasible: (point: ParameterSet) => boolean
  readonly codeHash: string
  readonly dataHash: string
  readonly objectiveHash: string | undefined
  readonly data: RunData
  /** Of the data, cut to the period asked for. `toUs` is exclusive. */
  readonly fromUs: number
  readonly toUs: number
  /** Days a year, by the data. */
  readonly periods: 252 | 365
}

/** Opens code, data and objective, once, for any number of trials. */
export async function prepareSearch(request: SearchRequest): Promise<Search> {
  const { run } = request
  const strategy =
    run.code === undefined
      ? await bundleStrategy(run.strategy, request.folder)
      : { code: run.code, codeSha256: sha256Of(run.code), source: run.strategy }
  const definition = await definitionOf(strategy.code)
  const opened = await openData(run.data)
  const assumptions = { ...defaultAssumptions, ...run.assumptions }
  const fill = fillFor(opened, assumptions)
  const fixed = { ...knownOf(definition, fill, run, request.space ?? []), ...run.parameters }
  const found = spaceOf(definition.parameters, {
    set: run.parameters ?? {},
    ...(request.space ? { space: request.space } : {}),
  })
  // Which data is read is no choice of a search, unless it is asked for by name.
  const dimensions = found.dimensions.filter(
    ({ name }) => !(name in fixed) && (request.space !== undefined || !OF_THE_DATA.includes(name)),
  )
  const space: Space = { ...found, dimensions, fixed }
  const isFeasible = (point: ParameterSet): boolean => definition.parameters.safeParse({ ...fixed, ...point }).success
  const described = describe(definition, space)
  const data = await dataFor(run, opened, described, assumptions)
  const series = shareSeries(data.series)
  const objective = await objectiveOf(request.objective)
  const { fromUs, toUs } = periodOf(run, data)
  return {
    name: definition.name,
    definition,
    setup: {
      ...commonOf(run, data, assumptions),
      code: strategy.code,
      series,
      fixed,
      objectives: objective.objectives,
      objectiveCode: objective.code,
    },
    space,
    isFeasible,
    codeHash: strategy.codeSha256,
    dataHash: hashSeries(series),
    objectiveHash: objective.hash,
    data,
    fromUs,
    toUs,
    periods: periodsPerYearOf(timesOfSeries(series[0] as MarketColumns)),
  }
}

/** The same without a search: one set of parameters, to be run again and again on changed data. */
export async function prepareFixed(run: RunRequest): Promise<Pick<Search, 'setup'>> {
  const strategy = run.code === undefined ? (await bundleStrategy(run.strategy)).code : run.code
  const definition = await definitionOf(strategy)
  const opened = await openData(run.data)
  const assumptions = { ...defaultAssumptions, ...run.assumptions }
  const fixed = { ...knownOf(definition, fillFor(opened, assumptions), run, []), ...run.parameters }
  const described = describe(definition, { dimensions: [], fixed, unbounded: [] })
  const data = await dataFor(run, opened, described, assumptions)
  return {
    setup: {
      ...commonOf(run, data, assumptions),
      code: strategy,
      series: shareSeries(data.series),
      fixed,
      objectives: [],
    },
  }
}

const commonOf = (run: RunRequest, data: RunData, assumptions: Assumptions) => ({
  instruments: data.instruments,
  cash: run.cash,
  assumptions,
  convention: run.convention ?? ('contrail' as const),
  riskFree: run.riskFree,
  periods: run.periods,
  fromUs: run.fromUs,
  toUs: run.toUs,
})

/** What the run fills in, where the strategy has such a parameter and nobody says otherwise. */
function knownOf(
  definition: StrategyDefinition,
  fill: Readonly<Record<string, unknown>>,
  run: RunRequest,
  asked: readonly string[],
): Record<string, unknown> {
  const searched = asked.map((text) => text.split('=')[0]?.trim())
  const names = namesOf(definition.parameters)
  return Object.fromEntries(
    Object.entries(fill).filter(
      ([name, value]) =>
        value !== undefined && names.includes(name) && !(name in (run.parameters ?? {})) && !searched.includes(name),
    ),
  )
}

const OF_THE_DATA: readonly string[] = ['venue', 'instrument', 'timeframe']
const SAMPLES = 32

/** All that any trial may read: inputs and lookback over choices, ends of ranges and some points between. */
function describe(definition: StrategyDefinition, space: Space) {
  const from = random(1)
  const uniform = Array.from({ length: SAMPLES }, () => uniformPoint(space, from))
  const middle = uniform[0] as ParameterSet
  const edges = space.dimensions.flatMap((dimension) =>
    dimension.kind === 'choice'
      ? dimension.choices.map((_, i) => ({ ...middle, [dimension.name]: valueAt(dimension, i) }))
      : [{ ...middle, [dimension.name]: dimension.high }],
  )
  const parsed = [{}, ...edges, ...uniform].flatMap((point) => {
    const one = definition.parameters.safeParse({ ...space.fixed, ...point })
    return one.success ? [one.data as Record<string, unknown>] : []
  })
  const [first] = parsed
  if (!first) {
    const one = definition.parameters.safeParse({ ...space.fixed, ...middle })
    const issue = one.error?.issues[0]
    throw refuse('invalid_parameter', issue?.path.join('.') ?? 'parameters', middle, mendOf(issue))
  }
  const inputs = new Map<string, InputSpec>()
  for (const parameters of parsed)
    for (const input of definition.inputs(parameters)) inputs.set(JSON.stringify(input), input)
  return {
    name: definition.name,
    description: definition.description ?? '',
    parameters: first,
    fromData: [],
    inputs: [...inputs.values()],
    lookback: Math.max(0, ...parsed.map((parameters) => definition.lookback?.(parameters) ?? 0)),
  }
}

async function objectiveOf(
  text: string,
): Promise<{ objectives: Objective[]; code: string | undefined; hash: string | undefined }> {
  const [, file, direction] = /^(.*\.(?:ts|js|mjs))(?::(min|max))?$/.exec(text) ?? []
  if (file !== undefined) {
    if (!existsSync(file)) throw refuse('not_found', '--objective', file, 'a file with export default (run) => number')
    const bundle = await bundleModule(path.resolve(file))
    const name = path.basename(file).replace(/\.\w+$/, '')
    const isLess = direction === 'min'
    return {
      objectives: [{ name, direction: isLess ? 'minimise' : 'maximise' }],
      code: bundle.text,
      hash: bundle.sha256,
    }
  }
  const objectives = objectivesOf(text)
  const unknown = objectives.find(({ name }) => !(METRIC_NAMES as readonly string[]).includes(name))
  if (unknown)
    throw refuse('unknown_metric', '--objective', unknown.name, `one of ${METRIC_NAMES.join(', ')}, or a file`)
  return { objectives, code: undefined, hash: undefined }
}

function periodOf(run: RunRequest, data: RunData): { fromUs: number; toUs: number } {
  const times = data.series.map(timesOfSeries).filter((one) => one.length > 0)
  if (times.length === 0) throw refuse('no_data', 'data', data.label, 'it holds no rows in this period')
  const first = Math.min(...times.map((one) => one[0] as number))
  const last = Math.max(...times.map((one) => one.at(-1) as number))
  return { fromUs: run.fromUs ?? first, toUs: run.toUs ?? last + 1 }
}
