import { decodeJson, haltSchema, positionSchema } from '@contrail/contracts'
import type { Halt, PositionValue } from '@contrail/contracts'
import type { Bus, KvEntry } from '@contrail/runtime'
import { eventOf } from './topics.ts'
import type { StreamEvent } from './topics.ts'
import { valueOf } from './valuation.ts'

export type TablesOptions = {
  bus: Bus
  emit: (event: StreamEvent) => void
  lastPrice: (key: string) => number | undefined
  onBad: (subject: string, error: unknown) => void
}
export type Tables = {
  start(): Promise<void>
  stop(): Promise<void>
  /** Something traded: positions in it are worth something else. */
  touch(marketKey: string): void
  /** Sends positions whose value moved. */
  flush(): void
  snapshot(): StreamEvent[]
  halts(): { scope: string; state: Halt['state']; reason: string }[]
}

/** The KV buckets `positions` and `halts`, watched. */
export function createTables({ bus, emit, lastPrice, onBad }: TablesOptions): Tables {
  const positions = new Map<string, PositionValue>()
  const halts = new Map<string, Halt>()
  const touched = new Set<string>()
  const watches: { stop(): Promise<void> }[] = []

  const marketKey = (position: PositionValue) => `${position.venue}.${position.instrument}`
  const positionEvent = (key: string, position: PositionValue) =>
    eventOf('position', valueOf(position, lastPrice(marketKey(position))), { key: `position.${key}` })
  const haltEvent = (scope: string, { state, reason, by, atUs }: Halt) =>
    eventOf('halt', { scope, state, reason, by, atUs }, { key: `halt.${scope}` })
  function onPosition({ key, value }: KvEntry): void {
    if (value === undefined) return void positions.delete(key)
    const position = decodeJson(positionSchema, value, 'position')
    positions.set(key, position)
    emit(positionEvent(key, position))
  }
  function onHalt({ key, value }: KvEntry): void {
    if (value === undefined) {
      if (halts.delete(key)) emit(eventOf('halt', { scope: key, state: 'active' }))
      return
    }
    const halt = decodeJson(haltSchema, value, 'halt')
    halts.set(key, halt)
    emit(haltEvent(key, halt))
  }
  async function watch(bucket: string, handle: (entry: KvEntry) => void): Promise<void> {
    const kv = await bus.kv(bucket)
    const guarded = (entry: KvEntry) => {
      try {
        handle(entry)
      } catch (error) {
        onBad(`${bucket}.${entry.key}`, error)
      }
    }
    await new Promise<void>((resolve, reject) => {
      kv.watch(guarded, resolve).then((watching) => watches.push(watching), reject)
    })
  }
  return {
    async start() {
      await Promise.all([watch('positions', onPosition), watch('halts', onHalt)])
    },
    async stop() {
      await Promise.all(watches.splice(0).map((watching) => watching.stop()))
    },
    touch: (key) => void touched.add(key),
    flush() {
      if (touched.size === 0) return
      for (const [key, position] of positions)
        if (touched.has(marketKey(position)) && /[1-9]/.test(position.quantity)) emit(positionEvent(key, position))
      touched.clear()
    },
    snapshot: () => [
      ...[...positions].map(([key, position]) => positionEvent(key, position)),
      ...[...halts].map(([scope, halt]) => haltEvent(scope, halt)),
    ],
    halts: () => [...halts].map(([scope, { state, reason }]) => ({ scope, state, reason })),
  }
}
