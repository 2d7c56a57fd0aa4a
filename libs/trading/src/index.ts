export { defineStrategy } from './strategy/api.ts'
export type {
  Context,
  InputSpec,
  OrderOptions,
  OrderReadout,
  PositionReadout,
  Restorable,
  StateValue,
  StrategyDefinition,
} from './strategy/api.ts'
export { createStrategyActor, StrategyActor } from './strategy/actor.ts'
export { StrategyFailure } from './strategy/handlers.ts'
export type { StrategyActorOptions, StrategyInput, StrategyOutput, StrategyReadout } from './strategy/program.ts'
export { snapOrder } from './strategy/snap.ts'
export type { Asked, Snapped, SnapRefusal, SnapResult } from './strategy/snap.ts'
