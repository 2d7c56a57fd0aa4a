import { peer, absent } from './backtest-peers.ts'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { measureData } from './backtest-data.ts'
import type { DataFigure } from './backtest-data.ts'
import { batchOf } from './backtest-batch.ts'
import type { Indicatorts } from './backtest-batch.ts'
import type { BenchRow } from './backtest-report.ts'
import { measureSweep } from './backtest-sweep.ts'
import { benchIndicators } from './indicators.ts'
import { atLeast, median } from './stats.ts'

/* Benches that stand by themselves, as rows of the one table. Targets: design/performance.md, rows 7, 8 and 10. */

const SETS = 1_000
const SWEEP_ROWS = 20_000
const SWEEP_ROWS_QUICK = 5_000
/** Of one worker, for each worker: 1.8 on two. */
const SCALING_PART = 0.9

export async function sweep({ reps, quick }: CaseOptions, cores: number): Promise<Measured> {
  const rows = quick ? SWEEP_ROWS_QUICK : SWEEP_ROWS
  const figure = await measureSweep({ sets: SETS, rows, rounds: reps, threads: cores })
  if (figure.failed > 0 || !figure.equal)
    throw new Error(`${figure.failed} trials failed; equal on one and on all threads: ${figure.equal}`)
  const perEvent = (perSecond: number) => `best ${(1e9 / perSecond).toFixed(0)} ns a bar`
  return {
    rows: [
      {
        goal: 7,
        what: `${SETS} parameter sets on ${cores} workers, times one worker`,
        unit: 'x',
        median: median(figure.ratios),
        best: figure.ratio,
        target: atLeast(SCALING_PART * cores),
        ours: perEvent(figure.allThreads),
        beside: perEvent(figure.oneThread),
        note: `${rows} candles each, ${reps} rounds by turns; every trial equal on both`,
      },
    ],
  }
}

const CSV_READERS = [
  ['uDSV typedCols', 20],
  ['papaparse dynamicTyping', 50],
  ['csv-parse cast', 80],
] as const
const CSV_ROWS = 1_000_000
const CSV_ROWS_QUICK = 200_000
/** Of uDSV, for reading CSV. */
const CSV_TIMES = 3

export async function data({ rows, reps, quick }: CaseOptions): Promise<Measured> {
  const csvRows = quick ? CSV_ROWS_QUICK : CSV_ROWS
  const figures = await measureData({ rows, csvRows, repetitions: reps })
  const of = (name: string) => figures.find((figure) => figure.name === name)
  const [columns, csv] = [of('columns, all')!, of('CSV to columns in memory')!]
  const against = (ours: DataFigure, what: string, theirs: string, times: number): BenchRow[] => {
    const other = of(theirs)
    if (!other) return []
    const best = (figure: DataFigure) => figure.rows / figure.bestMs
    return [
      {
        goal: 10,
        what: `${what}, times ${theirs}`,
        unit: 'x',
        median: ours.rowsPerSecond / other.rowsPerSecond,
        best: best(ours) / best(other),
        target: atLeast(times),
        ours: rate(ours),
        beside: rate(other),
      },
    ]
  }
  const missing = CSV_READERS.filter(([name]) => !of(name)).map(([name]) => absent(`10: ${name}`))
  return {
    rows: [
      ...figures.map(({ name, rows: read, rowsPerSecond, bestMs, peakMb }) => ({
        what: name,
        unit: 'M rows/s',
        median: rowsPerSecond / 1e6,
        best: read / bestMs / 1000,
        beside: `${read} rows, peak ${peakMb.toFixed(0)} MB`,
      })),
      ...CSV_READERS.flatMap(([name, times]) => against(columns, `load of ${columns.rows} rows`, name, times)),
      ...against(csv, 'CSV into columns', 'uDSV typedCols', CSV_TIMES),
    ],
    notRun: ['10: DuckDB over Parquet (a native package of 60 MB)', ...missing],
  }
}

const rate = ({ rowsPerSecond }: DataFigure): string => `${(rowsPerSecond / 1e6).toFixed(2)} M rows/s`

const QUICK = { updates: 50_000, parts: 3 }
const EACH = atLeast(20)
const MEAN = atLeast(60)
const BATCH = atLeast(1.5)

export function indicators({ quick }: CaseOptions): Measured {
  const library = peer<Indicatorts>('indicatorts')
  const { results, geometricMean } = benchIndicators({
    ...(quick && QUICK),
    ...(library && { batch: (name, market) => batchOf(library, name, market) }),
  })
  const nsOf = (ns: number) => `${ns.toFixed(1)} ns`
  const rows = results.flatMap(({ name, ownNs, libraryNs, ratio, batchNs, handNs }): BenchRow[] => [
    libraryNs === undefined || ratio === undefined
      ? { what: `${name}, not in technicalindicators`, unit: 'ns', median: ownNs }
      : {
          goal: 8,
          what: `${name}, times technicalindicators`,
          unit: 'x',
          median: ratio,
          target: EACH,
          ours: nsOf(ownNs),
          beside: nsOf(libraryNs),
        },
    ...(batchNs === undefined
      ? []
      : [
          {
            goal: 8,
            what: `${name}, streaming, times indicatorts in batch`,
            unit: 'x',
            median: batchNs / ownNs,
            target: BATCH,
            ours: nsOf(ownNs),
            beside: nsOf(batchNs),
          },
        ]),
    ...(handNs === undefined
      ? []
      : [
          {
            what: `${name}, part of the smallest loop by hand`,
            unit: '%',
            median: handNs / ownNs,
            ours: nsOf(ownNs),
            beside: nsOf(handNs),
          },
        ]),
  ])
  return {
    rows: [
      ...rows,
      { goal: 8, what: 'geometric mean, times technicalindicators', unit: 'x', median: geometricMean, target: MEAN },
    ],
    notRun: [
      '8: the same in C (no compiler is part of this installation)',
      '9: parity with TA-Lib (tests of libs/trading, not a matter of time)',
      ...(library ? [] : [absent('8: indicatorts 2.2.2')]),
    ],
  }
}
