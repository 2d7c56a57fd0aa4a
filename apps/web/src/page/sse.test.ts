import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSseParser } from './sse.ts'
import type { SseEvent } from './sse.ts'

function parse(chunks: readonly string[]): { events: SseEvent[]; comments: string[] } {
  const events: SseEvent[] = []
  const comments: string[] = []
  const feed = createSseParser({ onEvent: (event) => events.push(event), onComment: (text) => comments.push(text) })
  for (const chunk of chunks) feed(chunk)
  return { events, comments }
}
const STREAM =
  ': heartbeat 17\n\nid: o=1;t=2;c=3\nevent: report\ndata: {"a":1}\n\nevent: tick\r\ndata: {}\r\n\r\n: bye\n\n'

test('events, ids and comments', () => {
  expect(parse([STREAM])).toEqual({
    events: [
      { id: 'o=1;t=2;c=3', name: 'report', data: '{"a":1}' },
      { name: 'tick', data: '{}' },
    ],
    comments: ['heartbeat 17', 'bye'],
  })
})

test('wherever the network cuts it, it reads the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 12 }), (cuts) => {
      const ends = [...cuts, STREAM.length].sort((a, b) => a - b)
      const chunks = ends.map((end, index) => STREAM.slice(index === 0 ? 0 : ends[index - 1], end))
      expect(parse(chunks)).toEqual(parse([STREAM]))
    }),
  )
})

test('a half event is none', () => {
  expect(parse(['event: report\ndata: {"a":1}\n'])).toEqual({ events: [], comments: [] })
})
