/** At most so many a second; the newest of those held back comes when its time has come. 0 = all. */
export class Throttle<T> {
  readonly #intervalUs: number
  #lastUs = Number.NEGATIVE_INFINITY
  #pending: T | undefined

  constructor(perSecond: number) {
    this.#intervalUs = perSecond === 0 ? 0 : 1_000_000 / perSecond
  }

  /** The value if it may go now; else it waits in place of an older one. */
  offer(value: T, nowUs: number): T | undefined {
    this.#pending = value
    return this.due(nowUs)
  }

  /** What waits and may go now. */
  due(nowUs: number): T | undefined {
    const value = this.#pending
    if (value === undefined || nowUs - this.#lastUs < this.#intervalUs) return undefined
    this.#pending = undefined
    this.#lastUs = nowUs
    return value
  }
}
