import type { RobustnessSection } from '../report/sections.ts'
import { fromUnit, sizeOf, toUnit } from '../optimise/space.ts'
import type { Dimension, ParameterSet, Space, Value } from '../optimise/space.ts'
import { gainsOf } from '../optimise/trial.ts'
import type { Objective, Outcome, Trial } from '../optimise/trial.ts'

export type PlateauOptions = {
  readonly space: Space
  readonly objectives: readonly Objective[]
  /** The chosen point. */
  readonly best: Trial
  readonly evaluate: (point: ParameterSet) => Promise<Outcome>
  readonly isFeasible?: (point: ParameterSet) => boolean
}
export type Neighbour = {
  readonly name: string
  readonly value: Value
  /** Of the range; 0 for another choice. */
  readonly distance: number
  /** Of the first objective; null where it failed or is not defined. */
  readonly score: number | null
  /** 0 = as good as the chosen point, 1 = nothing is left, more = worse than nothing; below 0 = better. */
  readonly fall: number | null
}
export type Plateau = {
  readonly score: number
  readonly neighbours: readonly Neighbour[]
  /** Median fall of the neighbours within a twentieth of the range. */
  readonly fall: number | null
  readonly map: Extract<RobustnessSection['charts'][number], { kind: 'heatmap' }> | undefined
}

const DISTANCES = [0.025, 0.05, 0.1]
const NEAR = 0.05
/** Points on a side of the map over the first two numbers. */
const MAP_SIDE = 5
const MAP_REACH = 0.1

/** How fast the score falls around the chosen point: a peak that stands alone was found by luck. */
export async function plateau(options: PlateauOptions): Promise<Plateau> {
  const { space, objectives, best } = options
  const score = scoreOf(best, objectives) ?? Number.NaN
  const asked = space.dimensions.flatMap((dimension) => neighboursOf(dimension, best.point[dimension.name] as Value))
  const scored = await Promise.all(
    asked
      .map((one) => ({ ...one, point: { ...best.point, [one.name]: one.value } }))
      .filter(({ point }) => options.isFeasible?.(point) ?? true)
      .map(async ({ point, ...one }): Promise<Neighbour> => {
        const found = scoreOf(await options.evaluate(point), objectives)
        return { ...one, score: found, fall: fallOf(score, found, objectives) }
      }),
  )
  const falls = scored.flatMap(({ distance, fall }) => (fall !== null && distance <= NEAR ? [fall] : []))
  falls.sort((a, b) => a - b)
  const fall = falls.length === 0 ? null : (falls[falls.length >> 1] as number)
  return { score, neighbours: scored, fall, map: await mapOf(options) }
}

const scoreOf = (outcome: Outcome, objectives: readonly Objective[]): number | null =>
  gainsOf({ ...outcome, number: 0, point: {} } as Trial, objectives) && outcome.state === 'done'
    ? (outcome.values[0] ?? null)
    : null

function fallOf(score: number, found: number | null, objectives: readonly Objective[]): number | null {
  if (found === null || score === 0) return null
  const sign = objectives[0]?.direction === 'minimise' ? -1 : 1
  return (sign * (score - found)) / Math.abs(score)
}

function neighboursOf(dimension: Dimension, at: Value): { name: string; value: Value; distance: number }[] {
  const { name } = dimension
  if (dimension.kind === 'choice')
    return dimension.choices.filter((one) => one !== at).map((value) => ({ name, value, distance: 0 }))
  const found = new Map<Value, number>()
  for (const distance of DISTANCES)
    for (const sign of [-1, 1]) {
      const value = shifted(dimension, at, sign * distance)
      if (value !== undefined && value !== at && !found.has(value)) found.set(value, distance)
    }
  return [...found]
    .map(([value, distance]) => ({ name, value, distance }))
    .sort((a, b) => Number(a.value) - Number(b.value))
}

/** At least one step; undefined outside of the range. */
function shifted(dimension: Dimension, at: Value, distance: number): Value | undefined {
  const unit = toUnit(dimension, at)
  const step = 1 / sizeOf(dimension)
  const move = Math.sign(distance) * Math.max(Math.abs(distance), step)
  return distance === 0 ? at : unit + move < 0 || unit + move > 1 ? undefined : fromUnit(dimension, unit + move)
}

async function mapOf({ space, objectives, best, evaluate, isFeasible }: PlateauOptions): Promise<Plateau['map']> {
  const [x, y] = space.dimensions.filter((one) => one.kind === 'number' && sizeOf(one) > 1)
  if (!x || !y) return undefined
  const [xs, ys] = [axisOf(x, best.point[x.name] as Value), axisOf(y, best.point[y.name] as Value)]
  const values = await Promise.all(
    ys.map((yValue) =>
      Promise.all(
        xs.map(async (xValue) => {
          const point = { ...best.point, [x.name]: xValue, [y.name]: yValue }
          return (isFeasible?.(point) ?? true) ? scoreOf(await evaluate(point), objectives) : null
        }),
      ),
    ),
  )
  const chosen = { x: best.point[x.name] as number, y: best.point[y.name] as number }
  const title = `${objectives[0]?.name ?? 'score'} around the chosen point`
  return { kind: 'heatmap', title, xLabel: x.name, yLabel: y.name, x: xs, y: ys, values, chosen }
}

function axisOf(dimension: Dimension, at: Value): number[] {
  const half = (MAP_SIDE - 1) / 2
  const values = new Set<number>()
  for (let i = -half; i <= half; i++) {
    const step = Math.max(MAP_REACH / half, 1 / sizeOf(dimension))
    const value = shifted(dimension, at, i * step)
    if (value !== undefined) values.add(value as number)
  }
  return [...values].sort((a, b) => a - b)
}

export function plateauSection(study: Plateau, objectives: readonly Objective[]): RobustnessSection {
  const { fall, neighbours, score, map } = study
  const name = objectives[0]?.name ?? 'score'
  const verdict = fall === null ? 'unknown' : fall <= 0.2 ? 'good' : fall <= 0.5 ? 'doubtful' : 'bad'
  return {
    kind: 'plateau',
    title: 'Parameter plateau',
    summary:
      fall === null
        ? 'No neighbour of the chosen point could be judged.'
        : `Within a twentieth of the ranges ${name} falls by ${(fall * 100).toFixed(0)} % in the median.`,
    verdict,
    figures: [
      { label: `${name}, chosen point`, value: score, format: 'ratio' },
      {
        label: 'Fall nearby, median',
        value: fall,
        format: 'percent',
        hint: 'How much of the score is lost by changing one parameter a little. A lone peak was found by luck.',
      },
    ],
    charts: map ? [map] : [],
    tables: [
      {
        title: 'Neighbours',
        columns: [
          { label: 'parameter', format: 'text' },
          { label: 'value', format: 'text' },
          { label: name, format: 'ratio' },
          { label: 'fall', format: 'percent' },
        ],
        rows: neighbours.map((one) => [one.name, String(one.value), one.score, one.fall]),
      },
    ],
  }
}
