import { describe, expect, it } from 'vitest'
import type { BusMessage } from './bus.ts'
import { ReadPosition } from './read-position.ts'

const state = (firstSequence: number, lastSequence: number, incarnation = 'one') => ({
  incarnation,
  firstSequence,
  lastSequence,
})
const message = (sequence: number, timeUs = Date.now() * 1000): BusMessage => ({
  subject: 'a',
  data: new Uint8Array(),
  stream: 'S',
  sequence,
  timeUs,
  headers: {},
})

describe('where a reader is in its stream', () => {
  it('a hole in the numbers is looked at by an unfiltered reader only', () => {
    const all = new ReadPosition('S', 1, false, 'report')
    const some = new ReadPosition('S', 1, true, 'report')
    for (const position of [all, some]) position.passed(5)
    expect([all.mustLook(message(6)), all.mustLook(message(7)), some.mustLook(message(7))]).toEqual([
      false,
      true,
      false,
    ])
  })

  it('a filtered reader that lags looks', () => {
    const position = new ReadPosition('S', 1, true, 'report')
    position.passed(5)
    expect(position.mustLook(message(9, Date.now() * 1000 - 60_000_000))).toBe(true)
  })

  it.each([
    ['gone', undefined, 'is gone'],
    ['made anew', state(1, 20, 'two'), 'made anew'],
    ['shorter', state(1, 3), 'ends at 3'],
    ['begun later', state(12, 20), 'begins at 12'],
  ])('a stream that is %s cannot be read on', (_what, now, words) => {
    const position = new ReadPosition('S', 1, false, 'report')
    expect(position.wrongWith(state(1, 10))).toBeUndefined()
    position.passed(10)
    expect(position.wrongWith(now)).toContain(words)
  })

  it('whatever is first may be anything at the start, and nothing may be missing after it', () => {
    const position = new ReadPosition('S', 0, false, 'report')
    expect(position.wrongWith(state(50, 60))).toBeUndefined()
    position.passed(50)
    expect(position.wrongWith(state(55, 60))).toContain('51')
  })
})
