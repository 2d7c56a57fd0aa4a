import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { connect, createInbox, headers } from '@nats-io/transport-node'

export type Settle = (sequence: number, error: string | undefined) => void

export const connectBare = (url: string): Promise<NatsConnection> =>
  connect({ servers: url, noAsyncTraces: true, maxReconnectAttempts: 0 })

/** Acknowledged publishing through one shared reply inbox: what one writes by hand when `js.publish` is too slow. */
export function leanPublisher(nc: NatsConnection) {
  const prefix = `${createInbox()}.`
  const pending = new Map<number, Settle>()
  let next = 0
  nc.subscribe(`${prefix}*`, {
    callback: (_error, message) => {
      const token = Number(message.subject.slice(prefix.length))
      const settle = pending.get(token)
      pending.delete(token)
      const answer = JSON.parse(message.string() || '{"error":{"description":"no stream"}}') as {
        seq?: number
        error?: { description: string }
      }
      settle?.(answer.seq ?? 0, answer.error?.description)
    },
  })
  return (subject: string, data: Uint8Array, header: MsgHdrs | undefined, settle: Settle): void => {
    const token = next++
    pending.set(token, settle)
    nc.publish(subject, data, { reply: prefix + String(token), ...(header ? { headers: header } : {}) })
  }
}

export function fence(lastSequence: number): MsgHdrs {
  const header = headers()
  header.set('Nats-Expected-Last-Subject-Sequence', String(lastSequence))
  return header
}

export function fail(why: string): never {
  console.error(why)
  process.exit(1)
}
