import { fail, connectBare, leanPublisher } from './lean.ts'
import { tickFrame } from './frame.ts'

/** Publishes ticks into MD: paced, or as fast as a window of acks goes. Feeds the bare chain and ours alike. */
export type ProducerOptions = { readonly url: string }
export type ProducerJob = {
  readonly subjects: readonly string[]
  readonly count: number
  /** 0 = as fast as the window goes. */
  readonly ratePerSecond: number
  /** The first and the last tick ask for an answer. */
  readonly marked: boolean
}
export type Produced = { readonly firstSequence: number; readonly lastSequence: number }

/** Acks that may be outstanding: fire-and-forget loses messages. */
const WINDOW = 256

const options = JSON.parse(process.argv[2] as string) as ProducerOptions
const nc = await connectBare(options.url)
const publish = leanPublisher(nc)

function produce(job: ProducerJob): Promise<Produced> {
  const { subjects, count, ratePerSecond } = job
  const startedMs = performance.now()
  let sent = 0
  let acknowledged = 0
  let firstSequence = 0
  return new Promise((resolve) => {
    function settled(sequence: number, error: string | undefined): void {
      if (error) fail(`a tick was refused: ${error}`)
      firstSequence ||= sequence
      acknowledged++
      if (acknowledged === count) resolve({ firstSequence, lastSequence: sequence })
      else if (ratePerSecond === 0) pump()
    }
    function pump(): void {
      const due = ratePerSecond === 0 ? count : Math.floor(((performance.now() - startedMs) * ratePerSecond) / 1000)
      while (sent < Math.min(due, count) && sent - acknowledged < WINDOW) {
        const marked = job.marked && (sent === 0 || sent === count - 1)
        // The marked ticks are on the first subject: one consumer answers both.
        const subject = subjects[marked ? 0 : sent % subjects.length] as string
        publish(subject, tickFrame(sent, Date.now() * 1000, marked), undefined, settled)
        sent++
      }
      if (ratePerSecond > 0 && sent < count) setTimeout(pump, 1)
    }
    pump()
  })
}

process.on('message', (job: ProducerJob) => void produce(job).then((produced) => process.send?.(produced)))
process.on('disconnect', () => process.exit())
process.send?.('ready')
