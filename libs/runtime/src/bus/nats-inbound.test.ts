import type { NatsConnection } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { Inbound } from './nats-inbound.ts'

const OURS = 7
const reply = (sequence: number) =>
  `$JS.ACK.MD.consumer_x.1.${sequence}.${sequence - 10}.1795348270951211987.${sequence % 5}`

/** The client's parser as far as it matters here: whole operations, in order, and where it stands in between. */
function client() {
  const seen: string[] = []
  let rest = ''
  const parser = () => ({
    state: 0,
    parse(chunk: Uint8Array) {
      let text = rest + Buffer.from(chunk).toString('latin1')
      for (;;) {
        const line = text.indexOf('\r\n')
        if (line < 0) break
        const size = /^H?MSG .* (\d+)$/.exec(text.slice(0, line))?.[1]
        const end = size === undefined ? line + 2 : line + 2 + Number(size) + 2
        if (text.length < end) break
        seen.push(text.slice(0, end))
        text = text.slice(end)
      }
      rest = text
      this.state = rest === '' ? 0 : 1
    },
  })
  const protocol = { parser: parser(), inMsgs: 0, inBytes: 0, transport: { version: '3.4.0' } }
  return {
    seen,
    protocol,
    nc: { protocol } as unknown as NatsConnection,
    reconnect: () => (protocol.parser = parser()),
  }
}

const told = (subject: string, payload: string, sequence: number) => {
  return [subject, payload, 1, sequence, sequence - 10, 1795348270951211, sequence % 5]
}

const operations = (): { bytes: string; delivery?: string }[] =>
  Array.from({ length: 300 }, (_, i) => {
    const sequence = 11 + i
    const payload = `${'x\r\nMSG a 7 3\r\n'.repeat(i % 9)}${i}`
    const subject = `md.ticks.sim.I${i % 17}-USDT`
    switch (i % 10) {
      case 3:
        return { bytes: 'PING\r\n' }
      case 5:
        return { bytes: `MSG ${subject} 8 ${payload.length}\r\n${payload}\r\n` }
      case 6:
        return { bytes: `HMSG _INBOX.a ${OURS} 31 31\r\nNATS/1.0 100 Idle Heartbeat\r\n\r\n\r\n` }
      case 8:
        return { bytes: `MSG ${subject} ${OURS} $JS.ACK.hub.ABC.MD.c.1.2.3.4.5 ${payload.length}\r\n${payload}\r\n` }
      case 1:
      case 9: {
        const head = `NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: ${i}\r\n\r\n`
        const sizes = `${head.length} ${head.length + payload.length}`
        return {
          bytes: `HMSG ${subject} ${OURS} ${reply(sequence)} ${sizes}\r\n${head}${payload}\r\n`,
          delivery: JSON.stringify([...told(subject, payload, sequence), head]),
        }
      }
      default:
        return {
          bytes: `MSG ${subject} ${OURS} ${reply(sequence)} ${payload.length}\r\n${payload}\r\n`,
          delivery: JSON.stringify(told(subject, payload, sequence)),
        }
    }
  })

test.each([1, 2, 3, 7, 40, 150, 1_000, 100_000])(
  'deliveries are read here and all else by the client, in one order, however the bytes are cut: %i at most',
  (most) => {
    const { seen, protocol, nc } = client()
    const inbound = Inbound.of(nc) as Inbound
    const all: string[] = seen
    inbound.listen(OURS, (subject, data, info, head) =>
      all.push(
        JSON.stringify([
          subject,
          Buffer.from(data).toString('latin1'),
          info.deliveries,
          info.sequence,
          info.deliverySequence,
          info.timeUs,
          info.pending,
          ...(head ? [Buffer.from(head).toString('latin1')] : []),
        ]),
      ),
    )
    const wanted = operations()
    const bytes = Buffer.from(wanted.map((one) => one.bytes).join(''), 'latin1')
    let seed = 12345
    for (let at = 0; at < bytes.length;) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      const end = at + 1 + (seed % most)
      protocol.parser.parse(bytes.subarray(at, end))
      at = end
    }
    expect(all).toEqual(wanted.map(({ bytes: one, delivery }) => delivery ?? one))
    expect(protocol.inMsgs).toBe(wanted.filter(({ delivery }) => delivery).length)
  },
)

test('what was begun before a reconnect is not taken for the beginning of what comes after', () => {
  const { seen, protocol, nc, reconnect } = client()
  const got: number[] = []
  const inbound = Inbound.of(nc) as Inbound
  inbound.listen(OURS, (_subject, _data, { sequence }) => got.push(sequence))
  const message = (sequence: number) => Buffer.from(`MSG md.a ${OURS} ${reply(sequence)} 1\r\nx\r\n`)
  protocol.parser.parse(message(11).subarray(0, 30))
  reconnect()
  protocol.parser.parse(message(12))
  inbound.leave(OURS)
  protocol.parser.parse(message(13))
  expect(got).toEqual([12])
  expect(seen).toEqual([message(13).toString()])
})

test('a client of another make or version reads everything itself', () => {
  const { nc, protocol } = client()
  protocol.transport.version = '3.5.0'
  expect(Inbound.of(nc)).toBeUndefined()
  expect(Inbound.of({} as NatsConnection)).toBeUndefined()
  expect(Inbound.of({ protocol: { parser: {} } } as unknown as NatsConnection)).toBeUndefined()
})
