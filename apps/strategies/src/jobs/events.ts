import { refuse } from '@contrail/contracts'
import type { Clock } from '@contrail/runtime'
import { jobViewOf } from './store.ts'
import type { Job } from './store.ts'

/** Streams of this service at once. */
const STREAMS_MAX = 64
const LOOK_MS = 300
/** A comment, so that a reader that is gone is noticed. */
const HEARTBEAT_MS = 10_000

const isOver = ({ state }: Job): boolean => state !== 'queued' && state !== 'running'

/**
 * What happens to a job, as server-sent events: each carries the whole job and its revision as id, so one that was missed is
 * made good by the next. The last one is `done`.
 */
export function createJobEvents(get: (id: string) => Promise<Job>, clock: Clock) {
  const open = new Set<() => void>()

  /** Undefined: the reader has seen the end. */
  async function follow(id: string, lastEventId: string | undefined): Promise<ReadableStream<Uint8Array> | undefined> {
    const first = await get(id)
    const seen = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0
    if (isOver(first) && seen >= first.revision) return undefined
    if (open.size >= STREAMS_MAX)
      throw refuse('too_many_streams', 'events', `${open.size} are open`, 'close some, or ask GET /v1/jobs/:id')
    return streamOf(first, seen)
  }

  function streamOf(first: Job, seen: number): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    let timer: { cancel(): void } | undefined
    let last = seen
    let quietMs = 0
    let end = (): void => undefined
    return new ReadableStream<Uint8Array>({
      start(controller) {
        end = () => {
          timer?.cancel()
          if (open.delete(end)) controller.close()
        }
        open.add(end)
        const write = (text: string): void => {
          quietMs = 0
          controller.enqueue(encoder.encode(text))
        }
        const tell = (job: Job): void => {
          if (job.revision > last) {
            last = job.revision
            const name = isOver(job) ? 'done' : 'progress'
            write(`id: ${job.revision}\nevent: ${name}\ndata: ${JSON.stringify(jobViewOf(job))}\n\n`)
          }
          if (isOver(job)) end()
        }
        const turn = async (): Promise<void> => {
          // A slow reader gets the newest when it reads again.
          const job = (controller.desiredSize ?? 0) > 0 ? await get(first.id) : undefined
          if (!open.has(end)) return
          if (job) tell(job)
          if (!open.has(end)) return
          quietMs += LOOK_MS
          if (quietMs >= HEARTBEAT_MS) write(': alive\n\n')
          later()
        }
        const later = (): void => {
          timer = clock.setTimer(LOOK_MS, () => void turn().catch(end)) // the reader comes back with its last id
        }
        tell(first)
        if (open.has(end)) later()
      },
      cancel() {
        timer?.cancel()
        open.delete(end)
      },
    })
  }
  return {
    follow,
    stop(): void {
      for (const end of open) end()
    },
  }
}
