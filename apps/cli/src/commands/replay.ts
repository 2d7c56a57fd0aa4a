import { HOUR_US, instrumentSchema, refuse, subjects } from '@contrail/contracts'
import type { Instrument, StrategyView } from '@contrail/contracts'
import type { ReplayResult } from '@contrail/runtime'
import type { StrategyDefinition } from '@contrail/trading'
import { get } from '../lib/client.ts'
import { connection } from '../lib/home.ts'
import { parameters } from '../lib/parameters.ts'
import { isoOf, printJson, styled } from '../lib/print.ts'
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
    const [view, instruments] = await Promise.all([
      get<StrategyView>(`/v1/strategies/${encodeURIComponent(args.strategy)}`),
      get<{ items: unknown[] }>('/v1/instruments'),
    ])
    const known = instruments.items.map((one) => instrumentSchema.parse(one))
    const { result, from } = await replay(view, known, args)
    const same = result.equal === result.recorded && result.extra === 0
    if (args.json) printJson({ strategy: view.strategy, from, same, ...result, first: result.first ?? null })
    else tell(view.strategy, from, result)
    if (!same) process.exitCode = 1
  },
)

type Given = { with?: string | undefined; set?: string | undefined }
/** `hours` of market time lie between the first and the last recorded decision. */
type Start = { number: number; atUs: number; hours: number; state: 'kept' | 'fresh' }

async function replay(
  view: StrategyView,
  instruments: Instrument[],
  given: Given,
): Promise<{ result: ReplayResult; from: Start }> {
  const { connectNats, recordedDecisions, replayDecisions, replayStart } = await import('@contrail/runtime')
  const { getBundle } = await import('@contrail/runtime/bundle')
  const { adoptState, createStrategyActor } = await import('@contrail/trading')
  const bus = await connectNats({ url: connection('operatorNatsUrl'), name: 'replay' })
  try {
    const checkpoint = await replayStart(bus, view.strategy)
    if (!checkpoint)
      throw refuse(
        'not_found',
        'checkpoint',
        view.strategy,
        'its inputs are gone, or it has not run yet; try again in a minute',
      )
    const text = given.with
      ? await bundleOf(given.with)
      : ((await getBundle(await bus.objects('bundles'), checkpoint.code)) ?? '')
    const definition = await load(text)
    const before = checkpoint.state.parameters as Record<string, unknown>
    const actor = createStrategyActor(definition, {
      strategy: view.strategy,
      tenant: 'main',
      account: view.account,
      parameters: { ...before, ...parameters(given.set) },
      instruments,
    })
    const state = adoptState(actor, checkpoint.state.program, true)
    const output = { stream: 'ORDERS', subject: subjects.signal(view.strategy) }
    const recorded = await recordedDecisions(bus, output, checkpoint.number)
    const result = await replayDecisions({ bus, program: actor, checkpoint, recorded })
    const [first, last] = [recorded[0], recorded.at(-1)].map((decision) => Number(decision?.['atUs'] ?? 0))
    const hours = Math.round((((last ?? 0) - (first ?? 0)) / HOUR_US) * 100) / 100
    return { result, from: { number: checkpoint.number, atUs: checkpoint.atUs, hours, state } }
  } finally {
    await bus.close()
  }
}

async function bundleOf(file: string): Promise<string> {
  const { bundleModule } = await import('@contrail/runtime/bundle')
  return (await bundleModule(file)).text
}

async function load(text: string): Promise<StrategyDefinition> {
  if (text === '') throw refuse('not_found', 'bundle', 'nothing', 'deploy the strategy again')
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
  const module = (await import(url)) as { default?: StrategyDefinition }
  if (!module.default)
    throw refuse('no_strategy', 'default export', 'nothing', 'export default defineStrategy({ ... })')
  return module.default
}

function tell(strategy: string, from: Start, result: ReplayResult): void {
  const out = (line: string): void => void process.stdout.write(`${line}\n`)
  const { inputs, recorded, equal, differing, missing, extra, first } = result
  out(
    `${strategy}: ${inputs} inputs since decision ${from.number} (${isoOf(from.atUs)}), ${recorded} decisions recorded`,
  )
  out(`  ${equal} equal, ${differing} differing, ${missing} missing, ${extra} extra`)
  if (from.state === 'fresh') out('  its state has another shape and begins anew: it differs at least until it is warm')
  if (!first) return out(styled('green', '  0 differing decisions'))
  out(styled('red', `  first difference: decision ${first.number} on ${first.input}`))
  out(`  ${first.difference}`)
}
