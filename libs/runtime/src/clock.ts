export type Clock = {
  /** Integer microseconds since the epoch, UTC. Never runs backwards within one process. */
  nowUs(): number
  /** For durations only: not related to any date. */
  monotonicMs(): number
  setTimer(ms: number, fn: () => void): { cancel(): void }
}

let lastUs = 0

export const systemClock: Clock = {
  nowUs() {
    const us = Math.floor((performance.timeOrigin + performance.now()) * 1000)
    lastUs = us > lastUs ? us : lastUs
    return lastUs
  },
  monotonicMs: () => performance.now(),
  setTimer(ms, fn) {
    const timer = setTimeout(fn, ms)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** Time moves only by `advanceMs`; timers due on the way run in order, each at its own time. */
export function manualClock(startUs: number): Clock & { advanceMs(ms: number): void } {
  let now = startUs
  let serial = 0
  const timers = new Map<number, { dueUs: number; fn: () => void }>()
  return {
    nowUs: () => now,
    monotonicMs: () => (now - startUs) / 1000,
    setTimer(ms, fn) {
      const key = ++serial
      timers.set(key, { dueUs: now + Math.round(ms * 1000), fn })
      return { cancel: () => void timers.delete(key) }
    },
    advanceMs(ms) {
      const end = now + Math.round(ms * 1000)
      for (;;) {
        let next: [number, { dueUs: number; fn: () => void }] | undefined
        for (const entry of timers) if (entry[1].dueUs <= end && (!next || entry[1].dueUs < next[1].dueUs)) next = entry
        if (!next) break
        timers.delete(next[0])
        now = Math.max(now, next[1].dueUs)
        next[1].fn()
      }
      now = end
    },
  }
}
