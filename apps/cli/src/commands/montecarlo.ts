import { backtestArgs, runRequestFromFlags } from '../lib/backtest-flags.ts'
import { home } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { realNumber, wholeNumber } from '../lib/research-flags.ts'
import { runProgress } from '../lib/run-progress.ts'
import { command } from '../lib/run.ts'
import { printSection } from '../lib/sections.ts'

export default command(
  'montecarlo',
  'What luck alone makes of it: trades shuffled, returns drawn again in blocks, noise on the prices',
  {
    strategy: { type: 'positional', description: 'File, or built-in name', required: true },
    ...backtestArgs,
    rounds: { type: 'string', description: 'Made-up runs; default 1000' },
    noise: { type: 'string', description: 'Basis points of noise on every price; default 5, 0 = none' },
    'noise-runs': { type: 'string', description: 'Backtests with noise; default 50' },
    jobs: { type: 'string', description: 'Backtests at once; default one per core' },
    report: { type: 'boolean', description: 'Write the report', default: true },
  },
  async (args) => {
    const research = await import('@contrail/research')
    const [rounds, noiseRuns, jobs] = [
      wholeNumber('--rounds', args.rounds, 1),
      wholeNumber('--noise-runs', args['noise-runs'], 1) ?? 50,
      wholeNumber('--jobs', args.jobs, 1),
    ]
    const bps = realNumber('--noise', args.noise, 0) ?? 5
    const request = await runRequestFromFlags(args.strategy, args)
    const seed = request.assumptions?.seed ?? 1
    const line = runProgress()
    const directory = research.runsDirectory(home(), process.env)
    const run = await research
      .performRun({ ...request, robustness: false }, { onProgress: (now) => line.show(now) })
      .finally(() => line.clear())
    const { result, record } = run
    const compounding = record.assumptions.sizing.kind === 'fraction'
    const options = { cash: request.cash, seed, compounding, ...(rounds === undefined ? {} : { rounds }) }
    const study = research.monteCarlo(result, options)
    let section = research.monteCarloSection(result, options)
    const noise = bps === 0 ? undefined : await withNoisyPrices(request, { bps, rounds: noiseRuns, seed }, jobs)
    if (noise) section = research.withNoise(section, noise, result.finalEquity / request.cash - 1)
    const written = args.report === false ? undefined : await research.judgedRun(request, [section], { directory })
    if (args.json)
      printJson({
        strategy: record.strategy.name,
        seed,
        metrics: record.metrics,
        shuffled: study.shuffled
          ? { actual: study.shuffled.actual, maxDrawdown: bare(study.shuffled.maxDrawdown) }
          : null,
        bootstrap: study.bootstrap
          ? {
              returns: study.bootstrap.returns,
              blockLength: study.bootstrap.blockLength,
              totalReturn: bare(study.bootstrap.totalReturn),
              maxDrawdown: bare(study.bootstrap.maxDrawdown),
              sharpe: bare(study.bootstrap.sharpe),
            }
          : null,
        noise: noise
          ? {
              bps,
              rounds: noise.rounds,
              failed: noise.failed,
              totalReturn: bare(noise.totalReturn),
              maxDrawdown: bare(noise.maxDrawdown),
            }
          : null,
        section,
        run: written?.record.id ?? null,
        report: written?.report ?? null,
      })
    else {
      printSection(section)
      if (written?.report) process.stdout.write(`\nreport ${written.report}\n`)
    }
  },
)

type Spread = { readonly values: Float64Array; readonly p5: number | null; readonly median: number | null; readonly p95: number | null } // prettier-ignore
const bare = ({ values, p5, median, p95 }: Spread) => ({ count: values.length, p5, median, p95 })

async function withNoisyPrices(
  request: Awaited<ReturnType<typeof runRequestFromFlags>>,
  noise: { bps: number; rounds: number; seed: number },
  jobs: number | undefined,
) {
  const { createPool, noiseStudy, prepareFixed } = await import('@contrail/research')
  const { setup } = await prepareFixed(request)
  const pool = createPool(setup, { threads: jobs })
  const isShown = process.stderr.isTTY === true
  try {
    const onRound = (done: number): void => void (isShown && process.stderr.write(`\r\u001b[2K${done} of ${noise.rounds} runs with noise`)) // prettier-ignore
    return await noiseStudy(pool, { ...noise, onRound })
  } finally {
    if (isShown) process.stderr.write('\r\u001b[2K')
    await pool.close()
  }
}
