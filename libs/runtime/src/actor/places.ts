import type { Receiver, SharedFeed } from './feed.ts'
import type { ActorRun } from './program.ts'

/** Places kept per actor at most, 8 kB: what is beyond is looked for in the ring. */
const PLACES_MAX = 1_024

/** Which places of the ring are one actor's, while it cannot take its inputs as they come: nobody goes over the others' twice. */
export class Places {
  readonly #feed: SharedFeed
  readonly #receiver: Receiver
  #places: number[] = []
  /** Of the first that is not taken. */
  #at = 0
  /** From here on its own are still to be looked for. Infinity: all of them are in the list. */
  #unknown = Infinity

  constructor(feed: SharedFeed, receiver: Receiver) {
    this.#feed = feed
    this.#receiver = receiver
  }

  /** Its own are to be looked for from this place on; Infinity: they are told as they come. */
  begin(place: number): void {
    this.#places = []
    this.#at = 0
    this.#unknown = place
  }

  /** What is handed out now is its own from `run.at` on. */
  add({ order, count, at }: ActorRun): void {
    for (; at < count && this.#unknown === Infinity; at++) {
      const place = this.#feed.placeOf(order[at] as number)
      if (this.#places.length - this.#at >= PLACES_MAX) this.#unknown = place
      else this.#places.push(place)
    }
  }

  /** Before this place there is nothing left for it. */
  get first(): number {
    return this.#places[this.#at] ?? Math.min(this.#unknown, this.#feed.head)
  }

  /** The next of its own; undefined: there is none. */
  take(): number | undefined {
    if (this.#at === this.#places.length) this.#look()
    const place = this.#places[this.#at]
    if (place === undefined) return undefined
    this.#at++
    // One that never has none left must not keep those it has taken.
    if (this.#at === PLACES_MAX) {
      this.#places = this.#places.slice(this.#at)
      this.#at = 0
    }
    return place
  }

  #look(): void {
    const { head } = this.#feed
    let place = this.#unknown
    this.begin(Infinity)
    for (; place < head && this.#places.length < PLACES_MAX; place++)
      if (this.#feed.isFor(this.#receiver, this.#feed.at(place))) this.#places.push(place)
    if (place < head) this.#unknown = place
  }
}
