import type { BusMessage, StreamState } from './bus.ts'
import { ApiError, MESSAGE_NOT_FOUND, STREAM_NOT_FOUND } from './nats-link.ts'
import type { Link } from './nats-link.ts'
import { storedMessage } from './nats-message.ts'

type StreamInfo = { created: string; state: { messages: number; first_seq: number; last_seq: number } }

/** First = last + 1 when the stream is empty. */
export async function streamState(link: Link, stream: string): Promise<StreamState | undefined> {
  try {
    const info = await link.api<StreamInfo>(`STREAM.INFO.${stream}`)
    const last = info.state.last_seq
    return {
      incarnation: info.created,
      firstSequence: info.state.messages === 0 ? last + 1 : info.state.first_seq,
      lastSequence: last,
    }
  } catch (error) {
    if (error instanceof ApiError && error.code === STREAM_NOT_FOUND) return undefined
    throw error
  }
}

/** From the leader: `STREAM.MSG.GET` is never answered by a replica. */
export async function leaderGet(
  link: Link,
  stream: string,
  which: { seq: number } | { last_by_subj: string },
): Promise<BusMessage | undefined> {
  try {
    return storedMessage(stream, await link.api(`STREAM.MSG.GET.${stream}`, which))
  } catch (error) {
    if (error instanceof ApiError && error.code === MESSAGE_NOT_FOUND) return undefined
    throw error
  }
}
