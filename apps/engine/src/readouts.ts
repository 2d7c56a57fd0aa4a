import type { ActorVersion } from '@contrail/runtime'
import type { StrategyReadout } from '@contrail/trading'

type Entry = { readonly version: ActorVersion; readonly look: () => StrategyReadout }

/** What a strategy shows of itself, by id: for eyes. Of a version that was taken back, the one before is shown again. */
export class StrategyReadouts {
  readonly #entries = new Map<string, { now: Entry; before: Entry | undefined }>()

  set(strategy: string, version: ActorVersion, look: () => StrategyReadout): void {
    this.#entries.set(strategy, { now: { version, look }, before: this.#entries.get(strategy)?.now })
  }

  of(strategy: string): StrategyReadout | undefined {
    return this.#entries.get(strategy)?.now.look()
  }

  /** This version goes on: the one that was made last was not taken. */
  show(strategy: string, { code, parameters }: ActorVersion): void {
    const { before } = this.#entries.get(strategy) ?? {}
    if (before?.version.code !== code || JSON.stringify(before.version.parameters) !== JSON.stringify(parameters))
      return
    this.#entries.set(strategy, { now: before, before: undefined })
  }
}
