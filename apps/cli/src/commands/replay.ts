import type { ReplayResult } from '@contrail/runtime'
import { isoOf, printJson, styled } from '../lib/print.ts'
import { withRecorded } from '../lib/recorded.ts'
import type { Start } from '../lib/recorded.ts'
import { command } from '../lib/run.ts'

export default command(
  'replay',
  'Make the recorded decisions of a strategy again, on the inputs it really had, and compare byte for byte',
  {
    strategy: { type: 'positional', description: 'Its id', required: true },
    with: { type: 'string', description: 'Another version: a strategy file' },
    set: { type: 'string', description: 'Other parameters: --set fast=5' },
  },
  async (args) => {
    const { replayDecisions } = await import('@contrail/runtime')
    await withRecorded(args.strategy, args, async ({ view, bus, actor, checkpoint, recorded, from }) => {
      const result = await replayDecisions({ bus, program: actor, checkpoint, recorded })
      const same = result.equal === result.recorded && result.extra === 0
      const agreement = result.recorded === 0 ? null : (100 * result.equal) / (result.recorded + result.extra)
      const { strategy } = view
      if (args.json) printJson({ strategy, from, same, agreement, ...result, first: result.first ?? null })
      else tell(strategy, from, result, agreement)
      if (!same) process.exitCode = 1
    })
  },
)

function tell(strategy: string, from: Start, result: ReplayResult, agreement: number | null): void {
  const out = (line: string): void => void process.stdout.write(`${line}\n`)
  const { inputs, recorded, equal, differing, missing, extra, first } = result
  out(
    `${strategy}: ${inputs} inputs since decision ${from.number} (${isoOf(from.atUs)}), ${recorded} decisions recorded`,
  )
  out(`  ${equal} equal, ${differing} differing, ${missing} missing, ${extra} extra`)
  if (agreement !== null) out(`  agreement ${agreement.toFixed(1)} %`)
  if (from.state === 'fresh')
    out('  other parameters, or a state of another shape: it begins anew and differs at least until it is warm')
  if (!first) return out(styled('green', '  0 differing decisions'))
  out(styled('red', `  first difference: decision ${first.number} on ${first.input}`))
  out(`  ${first.difference}`)
}
