import { connectBare, fail, fence, leanPublisher } from './lean.ts'

/** Decisions of many writers as fast as they are acknowledged: one in flight per subject, each fenced. */
export type DeciderOptions = { readonly url: string; readonly subjects: readonly string[]; readonly each: number }

const { url, subjects, each } = JSON.parse(process.argv[2] as string) as DeciderOptions
const nc = await connectBare(url)
const publish = leanPublisher(nc)

function decide(): Promise<void> {
  let open = subjects.length
  return new Promise((resolve) => {
    const say = (subject: string, number: number, lastSequence: number): void => {
      if (number > each) return void (--open === 0 && resolve())
      const decision = {
        kind: 'decision',
        number,
        cause: { stream: 'MD', sequence: number, subject: 'md.ticks.bench.B0-USDT' },
        reasons: { ticks: number },
        intents: [{ type: 'amend', orderId: 'bare-1-0', price: '100.01' }],
      }
      publish(subject, Buffer.from(JSON.stringify(decision)), fence(lastSequence), (sequence, error) => {
        if (error) fail(`a decision was refused: ${error}`)
        say(subject, number + 1, sequence)
      })
    }
    for (const subject of subjects) say(subject, 1, 0)
  })
}

process.on('message', () => void decide().then(() => process.send?.('done')))
process.on('disconnect', () => process.exit())
process.send?.('ready')
