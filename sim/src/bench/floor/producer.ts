import { connectBare } from '../bare/lean.ts'
import { CREDIT, CREDIT_EACH, stamped } from './stamp.ts'

/** Publishes stamps: paced, or so many as may be on their way through the chain. The same for every chain. */
export type FloorProducerOptions = { readonly url: string }
export type FloorJob = {
  readonly subjects: readonly string[]
  readonly count: number
  /** 0 = as fast as the chain lets through. */
  readonly ratePerSecond: number
  /** Sent and not yet come out at the other end. 0 = without limit. */
  readonly outstanding: number
}

const { url } = JSON.parse(process.argv[2] as string) as FloorProducerOptions
const nc = await connectBare(url)
let through = 0
let onCredit = (): void => undefined
nc.subscribe(CREDIT, {
  callback: () => {
    through += CREDIT_EACH
    onCredit()
  },
})

/** A burst between two turns of the loop: the client has no limit of its own. */
const BURST = 2_000

function produce({ subjects, count, ratePerSecond, outstanding }: FloorJob): Promise<void> {
  const startedMs = performance.now()
  const limit = outstanding === 0 ? Infinity : outstanding
  let sent = 0
  through = 0
  return new Promise((resolve) => {
    function pump(): void {
      const due = ratePerSecond === 0 ? count : Math.floor(((performance.now() - startedMs) * ratePerSecond) / 1000)
      const until = Math.min(due, count, through + limit, ratePerSecond === 0 ? sent + BURST : Infinity)
      for (; sent < until; sent++) nc.publish(subjects[sent % subjects.length] as string, stamped())
      if (sent === count) return void nc.flush().then(resolve)
      if (ratePerSecond > 0) setTimeout(pump, 1)
      else if (sent < through + limit) void nc.flush().then(pump)
      else onCredit = once(pump)
    }
    pump()
  })
}

const once = (act: () => void) => () => {
  onCredit = () => undefined
  act()
}

process.on('message', (job: FloorJob) => void produce(job).then(() => process.send?.('sent')))
process.on('disconnect', () => process.exit())
process.send?.('ready')
