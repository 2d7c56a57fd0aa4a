import { HOUR_US, instrumentSchema, refuse, subjects } from '@contrail/contracts'
import type { Instrument, StrategyView } from '@contrail/contracts'
import type { Bus, Recorded, StoredCheckpoint } from '@contrail/runtime'
import type { StrategyActor, StrategyDefinition } from '@contrail/trading'
import { get } from './client.ts'
import { connection } from './home.ts'
import { parameters } from './parameters.ts'

export type Given = { with?: string | undefined; set?: string | undefined }
/** `hours` of market time lie between the first and the last recorded decision. */
export type Start = { number: number; atUs: number; hours: number; state: 'kept' | 'fresh' }

/** What the platform keeps of a strategy: where its record can be gone through again from, and the record. */
export type RecordedStrategy = {
  readonly view: StrategyView
  readonly instruments: readonly Instrument[]
  readonly bus: Bus
  readonly checkpoint: StoredCheckpoint
  readonly definition: StrategyDefinition
  readonly parameters: Record<string, unknown>
  /** Stands where the checkpoint was taken. */
  readonly actor: StrategyActor
  readonly recorded: readonly Recorded[]
  readonly from: Start
}

/** Reads the record of a strategy and hands it on; the connection lasts as long as `use` does. */
export async function withRecorded<T>(
  strategy: string,
  given: Given,
  use: (recorded: RecordedStrategy) => Promise<T>,
): Promise<T> {
  const [view, listed] = await Promise.all([
    get<StrategyView>(`/v1/strategies/${encodeURIComponent(strategy)}`),
    get<{ items: unknown[] }>('/v1/instruments'),
  ])
  const instruments = listed.items.map((one) => instrumentSchema.parse(one))
  const { connectNats } = await import('@contrail/runtime')
  const bus = await connectNats({ url: connection('operatorNatsUrl'), name: 'cli' })
  try {
    return await use(await readRecorded(bus, view, instruments, given))
  } finally {
    await bus.close()
  }
}

async function readRecorded(
  bus: Bus,
  view: StrategyView,
  instruments: readonly Instrument[],
  given: Given,
): Promise<RecordedStrategy> {
  const { recordedDecisions, replayStart } = await import('@contrail/runtime')
  const { getBundle } = await import('@contrail/runtime/bundle')
  const { adoptState, createStrategyActor } = await import('@contrail/trading')
  const checkpoint = await replayStart(bus, view.strategy)
  if (!checkpoint) {
    const mend = 'its inputs are gone, or it has not run yet; try again in a minute'
    throw refuse('not_found', 'checkpoint', view.strategy, mend)
  }
  const text = given.with
    ? await bundleOf(given.with)
    : ((await getBundle(await bus.objects('bundles'), checkpoint.code)) ?? '')
  const definition = await load(text)
  const used = { ...(checkpoint.state.parameters as Record<string, unknown>), ...parameters(given.set) }
  const { strategy, account } = view
  const actor = createStrategyActor(definition, { strategy, tenant: 'main', account, parameters: used, instruments })
  const state = adoptState(actor, checkpoint.state.program, true)
  const output = { stream: 'ORDERS', subject: subjects.signal(strategy) }
  const recorded = await recordedDecisions(bus, output, checkpoint.number)
  const [first, last] = [recorded[0], recorded.at(-1)].map((decision) => Number(decision?.['atUs'] ?? 0))
  const hours = Math.round((((last ?? 0) - (first ?? 0)) / HOUR_US) * 100) / 100
  const from = { number: checkpoint.number, atUs: checkpoint.atUs, hours, state }
  return { view, instruments, bus, checkpoint, definition, parameters: used, actor, recorded, from }
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
