import { random, shuffle } from '../optimise/random.ts'
import type { Random } from '../optimise/random.ts'

/* The drawing of random entries, over columns alone: it takes a second for a long run, and then has a thread of its own. */

/** The trades of one instrument: they are gone through once a round. */
export type Lane = {
  /** Rows `from` to `to` of it are drawn. */
  readonly price: Float64Array
  readonly from: number
  readonly to: number
  /** Of each trade, in rows. */
  readonly holds: Int32Array
  /** What was paid for each, negative where it was sold. */
  readonly worth: Float64Array
  readonly fees: Float64Array
  readonly funding: Float64Array
}
export type Drawing = { readonly lanes: readonly Lane[]; readonly seed: number; readonly rounds: number }

/** What the same trades would have made of random times of entry, round by round. */
export function profitsOf({ lanes, seed, rounds }: Drawing): Float64Array<ArrayBuffer> {
  const from = random(seed, 3)
  const draws = lanes.map((lane) => new Draws(lane))
  return Float64Array.from({ length: rounds }, () => draws.reduce((sum, one) => sum + one.profit(from), 0))
}

/**
 * The trades in another order with random pauses between them, so that as much is held for as long and never twice at
 * once; where the trades overlapped in truth, each is put anywhere.
 */
class Draws {
  readonly #lane: Lane
  readonly #room: number
  readonly #cuts: Uint32Array
  readonly #spare: Uint32Array
  readonly #order: Int32Array
  /** What each trade made. */
  readonly #made: Float64Array

  constructor(lane: Lane) {
    const { holds, from, to } = lane
    this.#lane = lane
    this.#room = to - from - 1 - holds.reduce((sum, hold) => sum + hold, 0)
    this.#cuts = new Uint32Array(holds.length)
    this.#spare = new Uint32Array(holds.length)
    this.#order = new Int32Array(holds.length)
    this.#made = new Float64Array(holds.length)
  }

  profit(from: Random): number {
    if (this.#room < 0) this.#anywhere(from)
    else this.#apart(from)
    let profit = 0
    const made = this.#made
    for (let trade = 0; trade < made.length; trade++) profit += made[trade]!
    return profit
  }

  #anywhere(random: Random): void {
    const { holds, from, to } = this.#lane
    for (let trade = 0; trade < holds.length; trade++)
      this.#enter(trade, from + random.below(to - from - holds[trade]!))
  }

  /** A random order, and pauses that are the gaps between sorted uniform numbers. */
  #apart(random: Random): void {
    const { holds, from } = this.#lane
    const [cuts, order] = [this.#cuts, this.#order]
    for (let i = 0; i < cuts.length; i++) {
      cuts[i] = random.below(this.#room + 1)
      order[i] = i
    }
    sortWhole(cuts, this.#spare)
    shuffle(order, random)
    // From the first to the last in time: so prices that follow each other are read after each other.
    let before = from
    for (let place = 0; place < order.length; place++) {
      const trade = order[place]!
      this.#enter(trade, cuts[place]! + before)
      before += holds[trade]!
    }
  }

  #enter(trade: number, at: number): void {
    const { price, holds, worth, fees, funding } = this.#lane
    this.#made[trade] = worth[trade]! * (price[at + holds[trade]!]! / price[at]! - 1) - fees[trade]! + funding[trade]!
  }
}

const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const counts = new Uint32Array(DIGITS)

/** By digits, the last first: five times as fast as `sort` for what is sorted here a thousand times. */
function sortWhole(values: Uint32Array, spare: Uint32Array): void {
  let [from, to] = [values, spare]
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    counts.fill(0)
    let above = 0
    for (let i = 0; i < from.length; i++) {
      above |= from[i]! >>> shift
      counts[(from[i]! >>> shift) & (DIGITS - 1)]!++
    }
    if (above === 0) break
    for (let digit = 0, place = 0; digit < DIGITS; digit++) {
      const count = counts[digit]!
      counts[digit] = place
      place += count
    }
    for (let i = 0; i < from.length; i++) to[counts[(from[i]! >>> shift) & (DIGITS - 1)]!++] = from[i]!
    ;[from, to] = [to, from]
  }
  if (from !== values) values.set(from)
}
