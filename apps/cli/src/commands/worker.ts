import { randomBytes } from 'node:crypto'
import os from 'node:os'
import { connection } from '../lib/home.ts'
import { printJson, styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { wholeNumber } from '../lib/research-flags.ts'

export default command(
  'worker',
  'Run trials of `contrail optimise --remote` on this machine: as many at once as it has cores, until Ctrl-C',
  {
    jobs: { type: 'string', description: 'Trials at once (default: one per core)' },
    name: { type: 'string', description: 'Who it is, in results (default: host name and a random part)' },
    'trial-seconds': { type: 'string', description: 'A trial that takes longer counts as failed (default: 600)' },
  },
  async (args) => {
    const [{ connectNats, systemClock }, { startTrialWorker }] = await Promise.all([
      import('@contrail/runtime'),
      import('@contrail/research'),
    ])
    const name = args.name ?? `${os.hostname().replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 20)}-${randomBytes(3).toString('hex')}` // prettier-ignore
    const seconds = wholeNumber('--trial-seconds', args['trial-seconds'], 1)
    const bus = await connectNats({ url: connection('operatorNatsUrl'), name: `worker-${name}` })
    let [done, failed] = [0, 0]
    const worker = await startTrialWorker({
      bus,
      clock: systemClock,
      name,
      threads: wholeNumber('--jobs', args.jobs, 1),
      ...(seconds === undefined ? {} : { trialMsMax: seconds * 1000 }),
      onTrial({ study, number, outcome }) {
        done++
        if (outcome.state === 'failed') failed++
        if (!args.json)
          process.stdout.write(
            `${study.slice(0, 8)} trial ${number}: ${outcome.state === 'done' ? outcome.values.join(', ') : outcome.problem}  ${outcome.ms.toFixed(0)} ms\n`,
          )
      },
      onProblem: (problem) => void process.stderr.write(`${styled('yellow', 'problem')}  ${problem.message}\n`),
    })
    process.stderr.write(`worker ${name}: ${worker.threads} trials at once; Ctrl-C hands back what is not done\n`)
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve())
      process.once('SIGTERM', () => resolve())
    })
    await worker.stop()
    await bus.close()
    if (args.json) printJson({ name, threads: worker.threads, trials: done, failed })
  },
)
