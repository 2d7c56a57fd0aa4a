import { expect, test } from 'vitest'
import { QUEUE_MAX, StreamClient } from './client.ts'
import { formatId, parseId, TOPICS } from './topics.ts'
import type { StreamEvent } from './topics.ts'

const text = new TextDecoder()
function client(onClose: (reason: string) => void = () => undefined): StreamClient {
  const cursors = { o: 0, t: 0, c: 0, a: 0 }
  return new StreamClient({
    topics: new Set(TOPICS),
    instruments: undefined,
    cursors,
    idOf: (now) => formatId(now, 'ab'),
    onClose,
  })
}
const report = (sequence: number): StreamEvent => ({
  name: 'report',
  json: JSON.stringify({ sequence, padding: 'x'.repeat(200) }),
  at: { letter: 't', sequence },
})
const position = (value: number): StreamEvent => ({
  name: 'position',
  json: JSON.stringify({ value, padding: 'x'.repeat(1000) }),
  key: 'position.a',
})
async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  let all = ''
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) all += text.decode(chunk)
  return all
}

test('a slow reader gets the newest value once, not each one in between', async () => {
  const slow = client()
  for (let value = 0; value < 1000; value++) slow.offer(position(value))
  expect(slow.conflated).toBeGreaterThan(800)
  const reader = slow.body.getReader()
  let heard = ''
  while (!heard.includes('"value":999')) heard += text.decode((await reader.read()).value)
  expect((heard.match(/"value"/g) ?? []).length).toBeLessThan(200)
})

test('facts are all kept and in order, until the reader is too slow; then it must come back by its id', async () => {
  let reason = ''
  const slow = client((why) => (reason = why))
  let offered = 0
  while (slow.open && offered < 100_000) slow.offer(report(++offered))
  expect(reason).toBe('slow')
  expect(offered).toBeGreaterThan(QUEUE_MAX)
  const all = await readAll(slow.body)
  const sequences = [...all.matchAll(/"sequence":(\d+)/g)].map((match) => Number(match[1]))
  expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1))
  const lastId = [...all.matchAll(/^id: (.*)$/gm)].at(-1)?.[1]
  expect(parseId(lastId)?.cursors.t).toBe(sequences.at(-1))
})

test('a fact that was sent is not sent again', async () => {
  const one = client()
  for (const sequence of [1, 2, 2, 1, 3]) one.offer(report(sequence))
  one.close('done')
  const sequences = [...(await readAll(one.body)).matchAll(/"sequence":(\d+)/g)].map((match) => match[1])
  expect(sequences).toEqual(['1', '2', '3'])
})

test('an id of nobody is refused by name', () => {
  expect(parseId('o=12;t=34;c=5;a=6')).toEqual({ cursors: { o: 12, t: 34, c: 5, a: 6 } })
  expect(() => parseId("1; drop table 'x'")).toThrow(/Last-Event-ID/)
})
