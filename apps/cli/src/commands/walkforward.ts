import { refuse } from '@contrail/contracts'
import type { WalkForward } from '@contrail/research'
import { home } from '../lib/home.ts'
import { INTERRUPTED, untilInterrupt } from '../lib/interrupt.ts'
import { printJson, styled } from '../lib/print.ts'
import { realNumber, wholeNumber } from '../lib/research-flags.ts'
import { command, EXIT } from '../lib/run.ts'
import { searchArgs, searchFromFlags } from '../lib/search-flags.ts'
import type { SearchFlags } from '../lib/search-flags.ts'
import { printSection } from '../lib/sections.ts'

const WINDOWS_DEFAULT = 6
const RATIO_DEFAULT = 3

export default command(
  'walkforward',
  'Choose parameters on the past and trade what comes after, window by window; only the second part counts',
  {
    strategy: { type: 'positional', description: 'File, or built-in name', required: true },
    ...searchArgs,
    windows: { type: 'string', description: `How many; default ${WINDOWS_DEFAULT}` },
    ratio: { type: 'string', description: `Training so many times as long as the test; default ${RATIO_DEFAULT}` },
    anchored: { type: 'boolean', description: 'Training always from the first day, so it grows', default: false },
    report: { type: 'boolean', description: 'Write the report of the last choice over the whole time', default: true },
  },
  async (args) => {
    const flags = await searchFromFlags(args.strategy, args)
    const study = await untilInterrupt(
      (signal) =>
      walk(flags, { windows: wholeNumber('--windows', args.windows, 1), ratio: realNumber('--ratio', args.ratio, 0.1), anchored: args.anchored }, signal), // prettier-ignore
    )
    const { walkForwardSection } = await import('@contrail/research')
    const { steps, metrics, efficiency } = study
    if (steps.length === 0) throw refuse('stopped', 'walk-forward', 'no window', 'let it run longer')
    const [objective] = flags.search.setup.objectives
    const section = walkForwardSection(study, { seed: flags.seed, objective: objective?.name ?? 'score' })
    const run = study.stopped || args.report === false ? undefined : await reportOf(flags, study, section)
    if (args.json)
      printJson({
        strategy: flags.search.name,
        sampler: flags.samplerName,
        seed: flags.seed,
        complete: !study.stopped,
        trials: study.trials,
        windows: steps,
        efficiency,
        metrics,
        finalEquity: steps.at(-1)?.finalEquity ?? null,
        section,
        run: run?.record.id ?? null,
        report: run?.report ?? null,
      })
    else {
      printSection(section)
      if (run?.report) process.stdout.write(`\nreport ${run.report}\n`)
    }
    process.exitCode = study.stopped ? INTERRUPTED : EXIT.ok
  },
)

type Windows = { windows: number | undefined; ratio: number | undefined; anchored: boolean | undefined }

async function walk(
  flags: SearchFlags,
  { windows = WINDOWS_DEFAULT, ratio = RATIO_DEFAULT, anchored = false }: Windows,
  signal: AbortSignal,
): Promise<WalkForward & { stopped: boolean }> {
  const { createPool, loadSetup, walkForward } = await import('@contrail/research')
  const { search, samplerName, seed, trialsMax, patience, jobs } = flags
  const pool = createPool(search.setup, { threads: jobs })
  try {
    const study = await walkForward({
      loaded: await loadSetup(search.setup),
      pool,
      space: search.space,
      isFeasible: search.isFeasible,
      sampler: samplerName,
      seed,
      trialsMax,
      patience,
      fromUs: search.fromUs,
      toUs: search.toUs,
      window: { windows, ratio, anchored },
      onWindow: ({ outOfSampleReturn }, done) => {
        const gained = `${(outOfSampleReturn * 100).toFixed(2)} %`
        process.stderr.write(`window ${done} of ${windows}: ${styled(outOfSampleReturn > 0 ? 'green' : 'red', gained)} out of sample\n`) // prettier-ignore
      },
      signal,
    })
    return { ...study, stopped: signal.aborted }
  } finally {
    await pool.close()
  }
}

/** The parameters that the last window chose, over the whole time, with the walk beside them. */
async function reportOf(
  { request }: SearchFlags,
  study: WalkForward,
  section: ReturnType<typeof import('@contrail/research').walkForwardSection>,
) {
  const { judgedRun, runsDirectory } = await import('@contrail/research')
  const chosen = study.steps.findLast((step) => step.chosen)?.chosen
  if (!chosen) return undefined
  return await judgedRun(
    {
      ...request,
      parameters: { ...request.parameters, ...chosen.point },
      trials: { count: Math.max(1, study.trials) },
    },
    [section],
    { directory: runsDirectory(home(), process.env) },
  )
}
