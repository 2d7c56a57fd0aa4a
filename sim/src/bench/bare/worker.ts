import { jetstream } from '@nats-io/jetstream'
import { connectBare, fail, fence, leanPublisher } from './lean.ts'
import { isMarked, priceOf } from './frame.ts'

/** Reads ticks in order, decides on some, publishes each decision fenced, one in flight. */
export type WorkerOptions = {
  readonly url: string
  /** Empty = all of MD. */
  readonly filter: string
  readonly output: string
  /** Decides on every n-th tick; 0 = only on marked ones. */
  readonly every: number
  /** For each subject so many listeners with a state of their own, which the tick goes to one after the other. */
  readonly listeners?: { readonly subjects: readonly string[]; readonly count: number; readonly each: number }
}

/** Messages asked for at once. The fastest of 500, 2,000 and 5,000 for a replay, and close to the best live. */
const MESSAGES_MAX = 2_000

const options = JSON.parse(process.argv[2] as string) as WorkerOptions
const nc = await connectBare(options.url)
const publish = leanPublisher(nc)
const waiting: Uint8Array[] = []
let ownSequence = 0
let busy = false
let ticks = 0
let number = 0
let total = 0

/** By subject: what a fan-out written by hand keeps. */
const fanOut = new Map<string, { ticks: number; total: number; last: number }[]>()
if (options.listeners) {
  const { subjects, count, each } = options.listeners
  for (const subject of subjects) fanOut.set(subject, [])
  for (let index = 0; index < count; index++) {
    const state = { ticks: 0, total: 0, last: 0 }
    for (let step = 0; step < each; step++)
      fanOut.get(subjects[(index + step) % subjects.length] as string)?.push(state)
  }
}

function say(message: Uint8Array): void {
  if (busy) return void waiting.push(message)
  busy = true
  publish(options.output, message, fence(ownSequence), (sequence, error) => {
    if (error) fail(`a decision was refused: ${error}`)
    ownSequence = sequence
    busy = false
    const next = waiting.shift()
    if (next) say(next)
  })
}

const consumer = await jetstream(nc).consumers.get('MD', {
  deliver_policy: 'new' as never,
  ...(options.filter === '' ? {} : { filter_subjects: options.filter }),
})
await consumer.consume({
  max_messages: MESSAGES_MAX,
  callback: (message) => {
    const price = priceOf(message.data)
    total += price
    ticks++
    for (const state of fanOut.get(message.subject) ?? []) {
      state.ticks++
      state.total += price
      state.last = price
    }
    const decides = options.every > 0 ? ticks % options.every === 0 : isMarked(message.data)
    if (!decides) return
    const decision = {
      kind: 'decision',
      number: ++number,
      cause: { stream: 'MD', sequence: message.seq, subject: message.subject },
      reasons: { ticks, mean: total / ticks },
      intents: [{ type: 'amend', orderId: 'bare-1-0', price: price.toFixed(2) }],
    }
    say(Buffer.from(JSON.stringify(decision)))
  },
})
await nc.flush()
process.on('disconnect', () => process.exit())
process.send?.('ready')
