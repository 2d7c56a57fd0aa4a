import { until } from '../testing/until.ts'
import { createMemoryBus } from '../bus/memory.ts'
import type { MemoryBus } from '../bus/memory.ts'
import type { Bus, BusMessage, Reader } from '../bus/bus.ts'
import { systemClock } from '../clock.ts'
import { ActorHost } from './host.ts'
import type { ActorInput, ActorOutput, ActorProgram, ActorRun } from './program.ts'
import type { ActorEvent, ActorLimits, ActorSpec } from './types.ts'

/** A tiny program: adds up what it sees, decides every `every` inputs, throws on `poison`. Order matters to its sum. */
export class Adder implements ActorProgram {
  readonly mailbox: Record<string, string[]>
  readonly #every: number
  readonly #weight: number
  readonly gaps: string[] = []
  warmups = 0
  #sum = 0
  #seen = 0

  constructor(options: { mailbox?: Record<string, string[]>; every?: number; weight?: number } = {}) {
    this.mailbox = options.mailbox ?? { MD: ['md.a'], TRADES: ['trades.x'] }
    this.#every = options.every ?? 3
    this.#weight = options.weight ?? 1
  }

  step(input: ActorInput, number: number): ActorOutput | undefined {
    const text = new TextDecoder().decode(input.data)
    if (text === 'poison') throw new TypeError('it is poison')
    this.#seen += 1
    this.#sum = (this.#sum * 31 + Number(text) * this.#weight) % 1_000_003
    return this.#seen % this.#every === 0 ? { body: { sum: this.#sum, said: number } } : undefined
  }
  take(run: ActorRun, number: number): ActorOutput | undefined {
    const { batch, order, count } = run
    for (; run.at < count; run.at++) {
      const output = this.step(batch.inputs[order[run.at] as number] as ActorInput, number)
      if (output) return output
    }
    return undefined
  }
  warmup(input: ActorInput): void {
    this.warmups += 1
    this.#sum += Number(new TextDecoder().decode(input.data))
  }
  gap(detail: string): void {
    this.gaps.push(detail)
  }
  snapshot(): unknown {
    return { sum: this.#sum, seen: this.#seen }
  }
  restore(state: unknown): void {
    const { sum, seen } = state as { sum: number; seen: number }
    this.#sum = sum
    this.#seen = seen
  }
}

export type Lab = {
  readonly bus: MemoryBus
  readonly events: ActorEvent[]
  host(options?: { worker?: string; limits?: Partial<ActorLimits>; bus?: Bus }): Promise<ActorHost>
  spec(id: string, options?: Partial<ActorSpec> & { program?: () => ActorProgram }): ActorSpec
  /** Publishes numbers one by one. */
  feed(subject: string, ...values: (number | string)[]): Promise<void>
  /** What is stored on an actor's subject. */
  said(id: string): Promise<Record<string, unknown>[]>
  decisions(id: string): Promise<Record<string, unknown>[]>
  live(host: ActorHost, id: string): Promise<void>
  /** As if the process were gone: nothing of the host works on, nothing is said. */
  kill(host: ActorHost): Promise<void>
}

/** Only what a checkpoint asks for by hand is stored: tests do not depend on a timer. */
const QUIET: Partial<ActorLimits> = { checkpointInputs: 1e9, checkpointMs: 1e9 }

export function createLab(): Lab {
  const bus = createMemoryBus()
  const events: ActorEvent[] = []
  const cut = new Map<ActorHost, () => Promise<void>>()

  async function said(id: string): Promise<Record<string, unknown>[]> {
    const { lastSequence } = (await bus.streamState('ORDERS')) ?? { lastSequence: 0 }
    const found: Record<string, unknown>[] = []
    for (let sequence = 1; sequence <= lastSequence; sequence++) {
      const message = (await bus.getMessage('ORDERS', sequence)) as BusMessage
      if (message.subject === `orders.signal.${id}`)
        found.push(JSON.parse(new TextDecoder().decode(message.data)) as Record<string, unknown>)
    }
    return found
  }

  return {
    bus,
    events,
    async host(options = {}) {
      const link = cutBus(options.bus ?? bus)
      const host = new ActorHost({
        bus: link.bus,
        clock: systemClock,
        worker: options.worker ?? 'w1',
        checkpoints: await link.bus.kv('actors'),
        limits: { ...QUIET, ...options.limits },
        onEvent: (event) => void (link.dead() || events.push(event)),
        onTrouble: () => undefined,
      })
      cut.set(host, link.cut)
      return host
    },
    spec: (id, { program, ...options } = {}) => ({
      id,
      output: { stream: 'ORDERS', subject: `orders.signal.${id}` },
      head: { schema: 1, strategy: id },
      version: { code: 'a'.repeat(64), parameters: {} },
      makeProgram: async () => (program ?? (() => new Adder()))(),
      from: { MD: 1, TRADES: 'first' },
      ...options,
    }),
    async feed(subject, ...values) {
      for (const value of values) await bus.publish(subject, new TextEncoder().encode(String(value)))
    },
    said,
    decisions: async (id) => (await said(id)).filter((entry) => entry['kind'] === 'decision'),
    live: (host, id) => until(`${id} is live`, () => host.readout(id)?.status === 'live'),
    async kill(host) {
      await cut.get(host)?.()
    },
  }
}

/** After the cut nothing it asks for happens, and nothing answers: a dead process as the bus sees it. */
function cutBus(bus: Bus): { bus: Bus; dead: () => boolean; cut: () => Promise<void> } {
  let dead = false
  const readers: Reader[] = []
  const guard = <T extends object>(target: T, own: Partial<T>): T =>
    overridden(target, own, (call) => (dead ? new Promise<never>(() => undefined) : call()))
  const guarded = guard(bus, {
    kv: async (bucket) => guard(await bus.kv(bucket), {}),
    read: async (options) => {
      readers.push(await bus.read(options))
      return readers.at(-1) as Reader
    },
  })
  return {
    bus: guarded,
    dead: () => dead,
    async cut() {
      dead = true
      await Promise.all(readers.map((reader) => reader.stop()))
    },
  }
}

/** The same object but for some methods. Methods keep their own `this`. */
export function overridden<T extends object>(
  target: T,
  own: Partial<T>,
  around: (call: () => unknown) => unknown = (call) => call(),
): T {
  return new Proxy(target, {
    get(inner, key) {
      const method: unknown = Reflect.get(own, key) ?? Reflect.get(inner, key, inner)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) => around(() => method.apply(inner, args) as unknown)
    },
  })
}
