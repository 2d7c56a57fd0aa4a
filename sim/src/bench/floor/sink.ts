import { connectNats } from '@contrail/runtime'
import { connectBare } from '../bare/lean.ts'
import { CREDIT, CREDIT_EACH, nowUs, sentUsOf, SINK_WARM_UP } from './stamp.ts'

/** The end of a chain: of core messages by hand, of stored decisions by a reader of ours. */
export type SinkOptions = {
  readonly url: string
  readonly from: { readonly subject: string } | { readonly stream: string; readonly afterSequence: number }
}
export type SinkAnswer = { readonly tookUs: number[]; readonly warmUs: number; readonly lastUs: number }

const { url, from } = JSON.parse(process.argv[2] as string) as SinkOptions
const nc = await connectBare(url)
const tookUs: number[] = []
let warmUs = 0
let lastUs = 0

function arrived(sentUs: number): void {
  lastUs = nowUs()
  tookUs.push(lastUs - sentUs)
  if (tookUs.length === Math.ceil(wanted * SINK_WARM_UP)) warmUs = lastUs
  if (tookUs.length % CREDIT_EACH === 0) nc.publish(CREDIT)
  if (tookUs.length === wanted) answer()
}

let wanted = Infinity
function answer(): void {
  wanted = Infinity
  process.send?.({ tookUs, warmUs, lastUs } satisfies SinkAnswer)
}

if ('subject' in from) nc.subscribe(from.subject, { callback: (_error, message) => arrived(sentUsOf(message.data)) })
else {
  const bus = await connectNats({ url, name: 'sink' })
  await bus.read({
    stream: from.stream,
    fromSequence: from.afterSequence + 1,
    onMessage: ({ data }) => {
      const { kind, sentUs } = JSON.parse(Buffer.from(data).toString()) as { kind: string; sentUs: number }
      if (kind === 'decision') arrived(sentUs)
    },
  })
}
await nc.flush()
process.on('message', (count: number) => {
  wanted = count
  if (tookUs.length >= wanted) answer()
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
