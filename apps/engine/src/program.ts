import { check, decodeJson, desiredStrategySchema, Refusal, subjects } from '@contrail/contracts'
import type { DesiredStrategy } from '@contrail/contracts'
import { Halted } from '@contrail/runtime'
import type { ActorInput, ActorProgram, ActorRun, ActorSpec, ActorVersion } from '@contrail/runtime'
import { adoptState, StrategyActor, takeRun } from '@contrail/trading'
import type { StrategyActorOptions, StrategyDefinition } from '@contrail/trading'
import type { Archive } from './archive.ts'
import type { Bundles } from './bundles.ts'
import { signalCheck } from './fit.ts'
import type { StrategyReadouts } from './readouts.ts'
import type { Watchdog, Watched } from './watchdog.ts'

/** Refusals of another service that may pass: it is not up yet, or slow. */
const PASSING: ReadonlySet<string> = new Set(['unavailable', 'timed_out'])

export const decodeDesired = (data: Uint8Array): DesiredStrategy =>
  decodeJson(desiredStrategySchema, data, 'desired strategy')

export type ProgramParts = {
  readonly bundles: Bundles
  readonly archive: Archive
  readonly readouts: StrategyReadouts
  readonly watchdog: Watchdog
}

/** What the host needs to run one strategy. */
export function specOf(
  desired: DesiredStrategy,
  parts: ProgramParts,
  onControl: (input: ActorInput) => void,
): ActorSpec {
  const { tenant, account, strategy, code, parameters, from } = desired
  return {
    id: strategy,
    output: { stream: 'ORDERS', subject: subjects.signal(strategy) },
    head: { schema: 1, tenant, account, strategy },
    version: { code, parameters },
    makeProgram: (version) => makeProgram(desired, version, parts),
    // Reports and commands that came before the first start count too: a strategy may have lived before.
    from: { MD: from, TRADES: 'first', CONTROL: 'first' },
    check: signalCheck(),
    history: (untilUs) => historyOf(desired, parts, untilUs),
    onApplied: { stream: 'CONTROL', listener: onControl },
  }
}

async function makeProgram(
  desired: DesiredStrategy,
  version: ActorVersion,
  { bundles, archive, readouts, watchdog }: ProgramParts,
): Promise<ActorProgram> {
  const { strategy, tenant, account } = desired
  const [definition, instruments] = await Promise.all([bundles.definition(version.code), archive.instruments()])
  const of = { strategy, code: version.code, revision: desired.revision }
  const stuck = await watchdog.stuck(of)
  if (stuck !== undefined) throw new Halted(stuck)
  return guarded(() => {
    const options = { strategy, tenant, account, parameters: version.parameters, instruments }
    const actor = new StrategyProgram(definition, options, watchdog.watch(of))
    // An older version is made only to make its own decisions again; it is not the one that is looked at.
    const isDesired = version.code === desired.code && sameJson(version.parameters, desired.parameters)
    if (isDesired) readouts.set(strategy, version, () => actor.readout)
    return actor
  })
}

/** The strategy is the program itself: between an input and its step lies only the word to the watchdog. */
class StrategyProgram extends StrategyActor implements ActorProgram {
  readonly #asked: unknown
  readonly #watched: Watched
  /** A run is watched as a whole: a step within it does not end that. */
  #isInRun = false

  constructor(definition: StrategyDefinition, options: StrategyActorOptions, watched: Watched) {
    super(definition, options)
    this.#asked = options.parameters
    this.#watched = watched
  }

  override step(...given: Parameters<StrategyActor['step']>): ReturnType<StrategyActor['step']> {
    if (this.#isInRun) return super.step(...given)
    this.#watched.enter(given[0].stream, given[0].sequence)
    try {
      return super.step(...given)
    } finally {
      this.#watched.leave()
    }
  }

  take(run: ActorRun, number: number): ReturnType<StrategyActor['step']> {
    this.#isInRun = true
    this.#watched.enter(run.batch.stream)
    try {
      return takeRun(this, run, number, this.#watched.progress)
    } finally {
      this.#watched.leave()
      this.#isInRun = false
    }
  }

  /** The old parameters' state would be another strategy's. */
  adopt(state: unknown, from: { readonly parameters: unknown }): 'kept' | 'fresh' {
    return adoptState(this, state, sameJson(from.parameters, this.#asked))
  }
}

async function historyOf(desired: DesiredStrategy, { bundles, archive }: ProgramParts, untilUs: number) {
  const definition = await bundles.definition(desired.code)
  const { inputs, lookback } = guarded(() => {
    const parameters: unknown = check(definition.parameters, desired.parameters, 'parameters')
    return { inputs: definition.inputs(parameters), lookback: definition.lookback?.(parameters) ?? 0 }
  })
  return archive.history(inputs, lookback, untilUs)
}

/** What is wrong with the definition or its parameters stays wrong until someone mends it. */
function guarded<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Refusal && PASSING.has(error.code)) throw error
    throw new Halted(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** Both came through JSON from the same bucket. */
const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
