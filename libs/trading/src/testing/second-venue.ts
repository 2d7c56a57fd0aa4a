import type { Intent, PlaceIntent, Side } from '@contrail/contracts'

/*
 * The rules of bars once more, written from their description and not from the venue: slow, plain, one instrument, no latency.
 * Whatever decisions a run has made, both must fill the same orders at the same prices in the same order. Prices in ticks,
 * quantities in lots.
 */
export type SecondBar = { openUs: number; closeUs: number; open: number; high: number; low: number; close: number }
export type SecondFill = { orderId: string; row: number; lots: number; price: number; liquidity: 'maker' | 'taker' }
type Order = {
  id: string
  side: Side
  type: string
  lots: number
  filled: number
  price: number
  stop: number
  isTarget: boolean
  trailing: { ticks: number; part: number } | undefined
  tif: PlaceIntent['timeInForce']
  postOnly: boolean
  reduceOnly: boolean
  expireUs: number
  parent: string
  group: string
  /** Filled by its parent; -1: it has none. */
  released: number
  /** Follows what its parent fills, even above what it asked for. */
  whole: boolean
  lost: number
  state: 'coming' | 'asleep' | 'waiting' | 'resting' | 'over'
  /** In the market for a part of this bar alone. */
  isLate: boolean
}
const DAY_US = 86_400_000_000

export class SecondVenue {
  readonly fills: SecondFill[] = []
  readonly #ticksOf: (price: string | undefined) => number
  readonly #lotsOf: (quantity: string) => number
  readonly #all = new Map<string, Order>()
  #open: Order[] = []
  #held = 0
  #row = 0

  constructor(tickSize: number, lotSize: number) {
    this.#ticksOf = (price) => (price === undefined ? 0 : Math.round(Number(price) / tickSize))
    this.#lotsOf = (quantity) => Math.round(Number(quantity) / lotSize)
  }

  decide(intents: readonly Intent[], nowUs: number): void {
    for (const intent of intents) {
      if (intent.type === 'place') this.#place(intent, nowUs)
      const order = this.#all.get(intent.orderId) as Order
      if (order.state === 'over') continue
      if (intent.type === 'cancel') this.#end(order)
      if (intent.type === 'amend') this.#amend(order, intent)
    }
    this.#sweep()
  }

  #place(intent: PlaceIntent, nowUs: number): void {
    const { orderId: id, side, orderType: type, timeInForce: tif, postOnly, reduceOnly, parent = '', oco } = intent
    const above = this.#all.get(parent)
    const lots = this.#lotsOf(intent.quantity)
    const ticks = this.#ticksOf(intent.trailingOffset)
    const part = Number(intent.trailingPercent ?? 0) / 100
    const order: Order = {
      id,
      side,
      type,
      lots,
      filled: 0,
      price: this.#ticksOf(intent.price),
      stop: this.#ticksOf(intent.stopPrice),
      isTarget: type.startsWith('take_profit'),
      trailing: ticks > 0 || part > 0 ? { ticks, part } : undefined,
      tif,
      postOnly,
      reduceOnly,
      expireUs:
        tif === 'GTD' ? (intent.expireAtUs ?? 0) : tif === 'DAY' ? (Math.floor(nowUs / DAY_US) + 1) * DAY_US : 0,
      parent,
      group: oco ?? id,
      released: above ? above.filled : -1,
      whole: above !== undefined && lots >= above.lots,
      lost: 0,
      state: 'coming',
      isLate: false,
    }
    for (const other of this.#all.values()) if (other.group === order.group) order.lost += other.filled
    this.#all.set(id, order)
    this.#open.push(order)
    if (above?.state === 'over' && above.filled === 0) this.#end(order)
  }

  #amend(order: Order, intent: Extract<Intent, { type: 'amend' }>): void {
    const lots = intent.quantity === undefined ? order.lots : this.#lotsOf(intent.quantity)
    if (lots < order.filled) return this.#end(order)
    const price = this.#ticksOf(intent.price) || order.price
    const stop = this.#ticksOf(intent.stopPrice) || order.stop
    const moves = price !== order.price || stop !== order.stop || lots > order.lots
    if (lots < order.lots) order.whole = false
    Object.assign(order, { lots, price, stop })
    if (order.filled >= lots) this.#end(order)
    else if (moves && order.state === 'resting') order.state = 'coming'
  }

  bar(row: number, bar: SecondBar): void {
    this.#row = row
    const { open, high, low, close } = bar
    for (const order of this.#open) {
      if (order.state === 'over') continue
      if (order.expireUs > 0 && order.expireUs <= bar.openUs) this.#end(order)
      else if (order.state === 'coming') this.#arrive(order, open)
      else if (order.state === 'waiting') this.#trigger(order, open)
      else if (order.state === 'resting' && reaches(order, open)) this.#fill(order, open, 'maker')
    }
    this.#wake(open, false)
    // Stops before targets, until nothing more happens.
    for (let happened = true; happened;) {
      happened = false
      for (const order of this.#open) {
        const worst = order.side === 'buy' ? high : low
        if (order.state !== 'waiting' || order.isTarget || !isReached(order, worst)) continue
        happened = true
        this.#meet(order, order.stop)
        if (is(order, 'resting')) order.isLate = true
        // Where it goes on from a stop is known.
        this.#wake(order.stop, false)
      }
      for (const order of this.#open) {
        const best = order.side === 'buy' ? low : high
        if (order.state === 'waiting' && order.isTarget && isReached(order, best)) {
          // The price that triggers it goes on to its best, so a limit on that way is reached, too.
          happened = true
          this.#meet(order, order.stop)
          this.#wake(order.stop, true)
        } else if (order.state === 'resting' && !order.isLate && reaches(order, best)) {
          happened ||= this.#room(order) > 0
          this.#fill(order, order.price, 'maker')
          this.#wake(order.price, true)
        }
      }
    }
    for (const order of this.#open) {
      if (order.state !== 'waiting' || !order.trailing) continue
      follow(order, order.isLate ? close : order.side === 'sell' ? high : low)
      if (!isReached(order, close)) continue
      this.#meet(order, order.stop)
      this.#wake(order.stop, true)
    }
    for (const order of this.#open) {
      order.isLate = false
      if (order.state !== 'over' && order.expireUs > 0 && order.expireUs <= bar.closeUs) this.#end(order)
    }
    this.#sweep()
  }

  #arrive(order: Order, price: number): void {
    if (order.released === 0) order.state = 'asleep'
    else if (order.parent === '' && left(order) <= 0) this.#end(order)
    else if (order.stop === 0 && !order.trailing) this.#meet(order, price)
    else {
      order.state = 'waiting'
      this.#trigger(order, price)
    }
  }

  #trigger(order: Order, price: number): void {
    if (isReached(order, price)) this.#meet(order, price)
    else if (order.trailing) follow(order, price)
  }

  #meet(order: Order, price: number): void {
    const takes = reaches(order, price)
    if (order.postOnly && takes) return this.#end(order)
    if (order.reduceOnly && this.#room(order) === 0) return this.#end(order)
    if (takes) this.#fill(order, price, 'taker')
    if (is(order, 'over')) return
    if (order.price === 0 || order.tif === 'IOC' || order.tif === 'FOK') return this.#end(order)
    order.state = 'resting'
  }

  #fill(order: Order, price: number, liquidity: SecondFill['liquidity']): void {
    const lots = this.#room(order)
    if (lots <= 0) return
    order.filled += lots
    this.#held += order.side === 'buy' ? lots : -lots
    this.fills.push({ orderId: order.id, row: this.#row, lots, price, liquidity })
    for (const other of this.#open) {
      if (other === order || other.state === 'over') continue
      if (other.parent === order.id) {
        other.released = order.filled
        if (other.whole) other.lots = Math.max(other.lots, order.filled)
      } else if (other.group === order.group) {
        other.lost += lots
        if (other.parent === '' && left(other) <= 0) this.#end(other)
      }
    }
    if (order.filled >= order.lots || (order.parent === '' && left(order) <= 0)) this.#end(order)
  }

  #room(order: Order): number {
    if (!order.reduceOnly) return left(order)
    return Math.min(left(order), Math.max(0, order.side === 'buy' ? -this.#held : this.#held))
  }

  #end(order: Order): void {
    order.state = 'over'
    for (const child of this.#open) {
      if (child.parent !== order.id || child.state === 'over') continue
      child.parent = ''
      if (child.released === 0 || left(child) <= 0) this.#end(child)
    }
  }

  /** Exits of what has just filled, at its price. */
  #wake(price: number, isLate: boolean): void {
    for (const order of this.#open) {
      if (order.state !== 'asleep' || order.released <= 0) continue
      order.isLate = isLate
      this.#arrive(order, price)
    }
  }

  #sweep(): void {
    this.#open = this.#open.filter(({ state }) => state !== 'over')
  }
}

const is = ({ state }: Order, wanted: Order['state']): boolean => state === wanted
const left = ({ released, lots, filled, lost }: Order): number =>
  (released < 0 ? lots : Math.min(lots, released)) - filled - lost
const reaches = ({ price, side }: Order, at: number): boolean =>
  price === 0 || (side === 'buy' ? at <= price : at >= price)
const isReached = ({ stop, side, isTarget }: Order, at: number): boolean =>
  stop > 0 && ((side === 'buy') === isTarget ? at <= stop : at >= stop)

function follow(order: Order, best: number): void {
  const { ticks, part } = order.trailing as { ticks: number; part: number }
  const distance = ticks > 0 ? ticks : best * part
  const stop =
    order.side === 'sell' ? Math.max(1, Math.floor(best - distance + 1e-9)) : Math.ceil(best + distance - 1e-9)
  if (order.stop === 0 || (order.side === 'sell' ? stop > order.stop : stop < order.stop)) order.stop = stop
}
