import { describe, expect, it } from 'vitest'
import { manualClock, systemClock } from './clock.ts'

describe('clocks', () => {
  it('a manual clock moves only by hand, and runs timers in order, each at its time', () => {
    const clock = manualClock(1_000_000)
    const seen: string[] = []
    const note = (name: string) => () => seen.push(`${name}@${clock.nowUs()}`)
    clock.setTimer(20, note('b'))
    clock.setTimer(10, () => {
      note('a')()
      clock.setTimer(5, note('nested'))
    })
    const cancelled = clock.setTimer(15, note('never'))
    cancelled.cancel()
    clock.advanceMs(15)
    expect([seen, clock.nowUs(), clock.monotonicMs()]).toEqual([['a@1010000', 'nested@1015000'], 1_015_000, 15])
    clock.advanceMs(100)
    expect(seen.at(-1)).toBe('b@1020000')
  })

  it('the system clock gives whole microseconds of this time and never runs backwards', () => {
    let last = systemClock.nowUs()
    expect(Math.abs(last / 1000 - Date.now())).toBeLessThan(60_000)
    for (let i = 0; i < 10_000; i++) {
      const now = systemClock.nowUs()
      expect(Number.isInteger(now) && now >= last).toBe(true)
      last = now
    }
  })
})
