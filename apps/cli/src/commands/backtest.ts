import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { backtestArgs, jobArgs, numberOf, runRequestFromFlags } from '../lib/backtest-flags.ts'
import { home } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { runProgress } from '../lib/run-progress.ts'
import { command, EXIT } from '../lib/run.ts'

/** Of a shell: ended by an interrupt. */
const INTERRUPTED = 130
/** Less does not hold the code itself. */
const MEMORY_MB_MIN = 32

export default command(
  'backtest',
  'Run a strategy over recorded data with the code that runs live: contrail backtest sma-cross --data FILE',
  {
    strategy: { type: 'positional', description: 'File, or built-in name', required: true },
    ...backtestArgs,
    ...jobArgs,
    report: { type: 'boolean', description: 'Write report.html', default: true },
    robustness: { type: 'boolean', description: 'Monte Carlo, significance, deflated Sharpe', default: true },
    budget: { type: 'string', description: 'Seconds that one call of a handler may take (default 10)' },
    memory: { type: 'string', description: 'MB that the strategy and its run may hold (default 4096, or half of the machine)' }, // prettier-ignore
  },
  async (args) => {
    if (args.job) return await (await import('../lib/job.ts')).runAsJob('backtests', args.strategy, args)
    // The thread of the run begins with room for what a run keeps: it is not copied over and over while it grows.
    setFlagsFromString('--min-semi-space-size=32')
    const { performRun, runsDirectory } = await import('@contrail/research/run')
    const request = await runRequestFromFlags(args.strategy, args)
    const stop = new AbortController()
    const line = runProgress()
    // The first interrupt keeps what is done; the second is the shell's.
    const interrupt = (): void => stop.abort()
    process.once('SIGINT', interrupt)
    try {
      const { record, result, folder } = await performRun(
        { ...request, robustness: args.robustness !== false },
        {
          directory: runsDirectory(home(), process.env),
          cache: path.join(home(), 'cache'),
          report: args.report !== false,
          signal: stop.signal,
          onProgress: (progress) => line.show(progress),
          more: { time: '--budget SECONDS', memory: '--memory MB' },
          onOutput: (text) => void process.stderr.write(text),
          ...(args.budget === undefined ? {} : { handlerMsMax: numberOf('--budget', args.budget, 0.1) * 1000 }),
          ...(args.memory === undefined ? {} : { memoryMbMax: numberOf('--memory', args.memory, MEMORY_MB_MIN) }),
        },
      )
      line.clear()
      if (args.json) printJson({ ...record, folder: folder ?? null, trades: result.trades })
      else (await import('../lib/run-summary.ts')).printRun(record, folder)
      process.exitCode = record.complete ? EXIT.ok : INTERRUPTED
    } finally {
      line.clear()
      process.removeListener('SIGINT', interrupt)
    }
  },
)
