import { backtestArgs, runRequestFromFlags } from '../lib/backtest-flags.ts'
import { home } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { wholeNumber } from '../lib/research-flags.ts'
import { runProgress } from '../lib/run-progress.ts'
import { command } from '../lib/run.ts'
import { printSection } from '../lib/sections.ts'

export default command(
  'significance',
  'Is the time of entry worth anything? Against random entries with the same sides, sizes, holding times and costs',
  {
    strategy: { type: 'positional', description: 'File, or built-in name', required: true },
    ...backtestArgs,
    rounds: { type: 'string', description: 'Random runs; default 10000' },
    trials: { type: 'string', description: 'How many sets of parameters it was chosen from; default 1' },
    report: { type: 'boolean', description: 'Write the report', default: true },
  },
  async (args) => {
    const research = await import('@contrail/research')
    const rounds = wholeNumber('--rounds', args.rounds, 1) ?? 10_000
    const count = wholeNumber('--trials', args.trials, 1) ?? 1
    const request = await runRequestFromFlags(args.strategy, args)
    const seed = request.assumptions?.seed ?? 1
    const line = runProgress()
    const { result, record, series } = await research
      .performRun({ ...request, robustness: false }, { onProgress: (now) => line.show(now) })
      .finally(() => line.clear())
    const options = { seed, series, rounds, fromUs: request.fromUs, toUs: request.toUs }
    const { random: _random, ...found } = research.significance(result, options)
    const sections = [
      research.significanceSection(result, options),
      research.deflatedSection(result, request.cash, { count }),
    ]
    const directory = research.runsDirectory(home(), process.env)
    const written = args.report === false ? undefined : await research.judgedRun(request, sections, { directory })
    if (args.json)
      return printJson({
        strategy: record.strategy.name,
        ...found,
        metrics: record.metrics,
        sections,
        run: written?.record.id ?? null,
        report: written?.report ?? null,
      })
    for (const section of sections) printSection(section)
    if (written?.report) process.stdout.write(`\nreport ${written.report}\n`)
  },
)
