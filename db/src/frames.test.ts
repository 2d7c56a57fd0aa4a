import { describe, expect, test } from 'vitest'
import { backendReader, frame, frontendReader } from './frames.ts'

describe('frames', () => {
  const done = frame('C', 'SELECT 0\0')
  const row = frame('D', 'row')
  const error = frame('E', 'bad')
  const ready = frame('Z', 'I')
  const reader = () => backendReader(() => undefined)

  test('an error among rows is preceded by an end, over any cut between chunks', () => {
    const spoilt = Buffer.concat([ready, frame('T', 'abc'), row, row, error, ready, row])
    for (let size = 1; size <= spoilt.length; size++) {
      const { read, view } = reader()
      const parts: Buffer[] = []
      for (let at = 0; at < spoilt.length; at += size) parts.push(...read(spoilt.subarray(at, at + size)))
      expect(Buffer.concat(parts)).toEqual(Buffer.concat([ready, frame('T', 'abc'), row, row, done, error, ready, row]))
      expect(view).toEqual({ rows: true, error: false, status: 'I', open: true })
    }
  })

  test('a fatal error is left out, over any cut between chunks', () => {
    const bytes = Buffer.concat([ready, frame('E', 'SFATAL\0VFATAL\0C57P01\0\0'), frame('N', 'notice')])
    for (let size = 1; size <= bytes.length; size++) {
      const { read } = reader()
      const parts: Buffer[] = []
      for (let at = 0; at < bytes.length; at += size) parts.push(...read(bytes.subarray(at, at + size)))
      expect(Buffer.concat(parts)).toEqual(Buffer.concat([ready, frame('N', 'notice')]))
    }
  })

  test.each([
    ['an error without rows', [error, ready]],
    ['rows that ended', [row, frame('C', 'SELECT 1\0'), error, ready]],
    ['a second error', [error, ready, error, ready]],
    ['no bytes', []],
  ])('%s pass as they are', (_name, frames) => {
    expect(Buffer.concat(reader().read(Buffer.concat(frames)))).toEqual(Buffer.concat(frames))
  })

  test('requests are counted, and the end of a transaction is known, by text and by name', () => {
    const { read, view } = frontendReader()
    const start = Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from('abcd')])
    const sync = frame('S', '')
    const bind = (name: string) => frame('B', `\0${name}\0rest`)
    const left = Buffer.concat([frame('P', 'old\0begin\0'), sync])
    expect(read(Buffer.concat([left, start, frame('p', 'word')]))).toEqual({
      chunk: Buffer.concat([start, frame('p', 'word')]),
      requests: [],
    })
    expect(read(Buffer.concat([frame('P', 's1\0commit\0'), bind('s1'), sync])).requests).toEqual([{ ends: true }])
    expect(read(Buffer.concat([frame('P', 's2\0rollback to s\0'), bind('s2'), sync])).requests).toEqual([
      { ends: false },
    ])
    expect(read(Buffer.concat([bind('s1'), sync, bind('s2'), sync])).requests).toEqual([
      { ends: true },
      { ends: false },
    ])
    expect(read(frame('Q', 'ROLLBACK\0')).requests).toEqual([{ ends: true }])
    expect(read(Buffer.concat([frame('P', 's3\0select $1\0'), frame('D', 's'), frame('H', '')])).requests).toEqual([])
    expect(view.flushed).toBe(true)
    expect(read(Buffer.concat([bind('s3'), sync])).requests).toEqual([{ ends: false }])
    expect(view.flushed).toBe(false)
  })
})
