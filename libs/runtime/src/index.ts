export { PublishRefused, PublishUnknown, WrongLastSequence } from './bus/bus.ts'
export type {
  Bus,
  BusMessage,
  ConsumeOptions,
  Consumer,
  KvBucket,
  KvEntry,
  ObjectStore,
  PublishAck,
  PublishOptions,
  Reader,
  ReadOptions,
  StreamState,
  WindowedPublisher,
} from './bus/bus.ts'
export { createMemoryBus } from './bus/memory.ts'
export type { MemoryBus, MemoryOptions } from './bus/memory.ts'
export { connectNats } from './bus/nats.ts'
export type { NatsOptions } from './bus/nats.ts'
export { layAside, lettersOf } from './bus/letters.ts'
export type { Letter } from './bus/letters.ts'
export { redrive, redriveDurable } from './bus/redrive.ts'
export { manualClock, systemClock } from './clock.ts'
export type { Clock } from './clock.ts'
export { ConfigError, describeConfig, envName, loadConfig } from './config.ts'
export { createHttp, jsonBody } from './http/app.ts'
export type { HttpOptions } from './http/app.ts'
export { internalClient } from './http/client.ts'
export type { InternalClient } from './http/client.ts'
export { listen } from './http/listen.ts'
export { problemOf, refusalOf, statusOf } from './http/problem.ts'
export { runUntilSignal, stopAll } from './lifecycle.ts'
export { createLogger } from './log.ts'
export type { Logger } from './log.ts'
export { createMetrics } from './metrics.ts'
export type { Metrics } from './metrics.ts'
export type { Running, ServiceContext } from './service.ts'
// The actor host's exports stand below this line; they belong to ./actor.
export { BATCH_MAX } from './actor/batch.ts'
export { canonicalJson, firstDifference } from './actor/canonical.ts'
export { CRASH_POINTS, crashPoint, crashPointSoon, parseCrashAt } from './actor/crash-point.ts'
export type { CrashPoint } from './actor/crash-point.ts'
export { ActorHost } from './actor/host.ts'
export type { ActorHostOptions } from './actor/host.ts'
export { Mailboxes } from './actor/mailbox.ts'
export type { ActorInput, ActorOutput, ActorProgram, ActorRun } from './actor/program.ts'
export type { ActorReadout } from './actor/readout.ts'
export { recordedDecisions, replayDecisions, replayStart } from './actor/replay.ts'
export type { Recorded, ReplayDifference, ReplayResult } from './actor/replay.ts'
export type { StoredCheckpoint } from './actor/checkpoint.ts'
export { Trail } from './actor/trail.ts'
export type { TrailRuns } from './actor/trail.ts'
export { ACTOR_LIMITS, ACTOR_STATUSES, Diverged, Fenced, Halted, InputsLost, SwapRefused } from './actor/types.ts'
export type {
  ActorEvent,
  ActorEventKind,
  ActorLimits,
  ActorSpec,
  ActorStatus,
  ActorVersion,
  Position,
  Positions,
  StartAt,
} from './actor/types.ts'
