import type { Bus } from './bus/bus.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What every app's `start(config, context)` is given. */
export type ServiceContext = { bus: Bus; log: Logger; clock: Clock; metrics: Metrics }
/** What every app's `start` gives back. */
export type Running = { readonly name: string; readonly url?: string; stop(): Promise<void> }
