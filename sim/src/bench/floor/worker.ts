import { ActorHost, connectNats, systemClock } from '@contrail/runtime'
import type { ActorInput, ActorProgram, ActorSpec } from '@contrail/runtime'
import { jetstream } from '@nats-io/jetstream'
import { connectBare, fail, fence, leanPublisher } from '../bare/lean.ts'
import { sentUsOf } from './stamp.ts'

/**
 * The middle of a chain. `core`: by hand, core to core; `live`: core ticks, decisions through our bus; `actors`: our host;
 * `hand`: what our host does for many, by hand and without trail, checkpoint and record.
 */
export type WorkerOptions = {
  readonly url: string
  readonly run: string
} & (
  | { readonly kind: 'core'; readonly input: string; readonly output: string }
  | { readonly kind: 'live'; readonly input: string; readonly output: string }
  | { readonly kind: 'hand'; readonly stream: string; readonly output: string; readonly inputs: readonly string[] }
  | {
      readonly kind: 'actors'
      readonly stream: string
      readonly output: string
      /** One actor for each: what it reads. */
      readonly inputs: readonly string[]
      readonly from: 'live' | number
      /** 0 = never. */
      readonly decidesOnEvery: number
    }
)
export type WorkerAnswer = { readonly inputs: number; readonly tookMs: number }

const options = JSON.parse(process.argv[2] as string) as WorkerOptions

async function echo(input: string, output: string): Promise<void> {
  const nc = await connectBare(options.url)
  nc.subscribe(input, { callback: (_error, message) => nc.publish(output, message.data) })
  await nc.flush()
}

/** One in flight, each fenced behind the one before; what comes meanwhile waits. */
async function live(input: string, output: string): Promise<void> {
  const bus = await connectNats({ url: options.url, name: 'worker' })
  const waiting: Uint8Array[] = []
  let ownSequence = (await bus.lastOnSubject('ORDERS', output))?.sequence ?? 0
  let isBusy = false
  const say = (message: Uint8Array): void => {
    if (isBusy) return void waiting.push(message)
    isBusy = true
    bus.publish(output, message, { expectedLastSubjectSequence: ownSequence }).then(
      ({ sequence }) => {
        ownSequence = sequence
        isBusy = false
        const next = waiting.shift()
        if (next) say(next)
      },
      (error: unknown) => fail(String(error)),
    )
  }
  bus.subscribe(input, (_subject, data) =>
    say(Buffer.from(JSON.stringify({ kind: 'decision', sentUs: sentUsOf(data), reasons: {}, intents: [] }))),
  )
}

/** For each subject one decision in flight, fenced behind the one before. */
async function byHand({ url, stream, output, inputs }: Extract<WorkerOptions, { kind: 'hand' }>): Promise<void> {
  const nc = await connectBare(url)
  const publish = leanPublisher(nc)
  const deciders = new Map(
    inputs.map((input, index) => {
      const waiting: Uint8Array[] = []
      let ownSequence = 0
      let isBusy = false
      const say = (message: Uint8Array): void => {
        if (isBusy) return void waiting.push(message)
        isBusy = true
        publish(`${output}-${index}`, message, fence(ownSequence), (sequence, error) => {
          if (error) fail(error)
          ownSequence = sequence
          isBusy = false
          const next = waiting.shift()
          if (next) say(next)
        })
      }
      return [input, say] as const
    }),
  )
  const consumer = await jetstream(nc).consumers.get(stream, { deliver_policy: 'new' as never })
  await consumer.consume({
    max_messages: 2_000,
    callback: ({ subject, data, seq }) =>
      deciders.get(subject)?.(
        Buffer.from(JSON.stringify({ kind: 'decision', cause: { seq }, sentUs: sentUsOf(data), intents: [] })),
      ),
  })
  await nc.flush()
}

class Echo implements ActorProgram {
  readonly mailbox: Record<string, string[]>
  readonly #every: number
  #seen = 0
  constructor(stream: string, input: string, every: number) {
    this.mailbox = { [stream]: [input] }
    this.#every = every
  }
  step({ data }: ActorInput) {
    this.#seen++
    if (this.#every === 0 || this.#seen % this.#every !== 0) return undefined
    return { body: { sentUs: sentUsOf(data), reasons: {}, intents: [] } }
  }
  snapshot() {
    return this.#seen
  }
  restore(seen: unknown) {
    this.#seen = seen as number
  }
}

async function actors(of: Extract<WorkerOptions, { kind: 'actors' }>): Promise<ActorHost> {
  const bus = await connectNats({ url: of.url, name: 'worker' })
  const host = new ActorHost({
    bus,
    clock: systemClock,
    worker: `floor-${of.run}`,
    checkpoints: await bus.kv('actors'),
    onEvent: ({ event, detail }) => void (['halted', 'fenced', 'diverged'].includes(event) && fail(detail)),
    onTrouble: (_id, cause) => console.error(cause),
  })
  const specOf = (input: string, index: number): ActorSpec => ({
    id: `${of.run}-${index}`,
    output: { stream: 'ORDERS', subject: `${of.output}-${index}` },
    head: { schema: 1, strategy: `${of.run}-${index}` },
    version: { code: '0'.repeat(64), parameters: {} },
    makeProgram: async () => new Echo(of.stream, input, of.decidesOnEvery),
    from: { [of.stream]: of.from },
  })
  of.inputs.forEach((input, index) => host.start(specOf(input, index)))
  return host
}

if (options.kind === 'core') await echo(options.input, options.output)
if (options.kind === 'hand') await byHand(options)
if (options.kind === 'live') await live(options.input, options.output)
const startedMs = performance.now()
const host = options.kind === 'actors' ? await actors(options) : undefined
const isLive = () => host?.readouts().every(({ status, pending }) => status === 'live' && !pending) ?? true
const isWaitedFor = options.kind === 'actors' && options.from !== 'live'
while (!isLive()) await new Promise((resolve) => setTimeout(resolve, isWaitedFor ? 1 : 10))
const tookMs = performance.now() - startedMs
process.on('message', () => process.send?.({ inputs: host?.inputs ?? 0, tookMs } satisfies WorkerAnswer))
process.on('disconnect', () => process.exit())
process.send?.('ready')
