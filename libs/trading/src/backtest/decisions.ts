import type { StrategyActor } from '../strategy/actor.ts'
import { intentOf } from '../strategy/ask.ts'
import type { Ask } from '../strategy/ask.ts'
import type { Reasons } from '../strategy/notes.ts'
import type { OrderLog } from './logs.ts'
import { Rare } from './rare.ts'
import { Table } from './table.ts'
import type { DecisionRecord } from './types.ts'

const COLUMNS = 5
const NOTHING: Reasons = {}

/** Where the input at hand comes from. */
export type Cause = { event: number; series: number; row: number; nowUs: number }

/** Decisions in columns. One that asks for a single plain market order is no more than the row of that order. */
export class DecisionLog {
  readonly #table = new Table(COLUMNS)
  readonly #asks = new Rare<readonly Ask[]>()
  readonly #reasons = new Rare<Reasons>()
  readonly #orders: OrderLog
  readonly #actor: StrategyActor

  constructor(orders: OrderLog, actor: StrategyActor) {
    this.#orders = orders
    this.#actor = actor
  }

  /** `order`: the row that the first order of it will have. */
  add(cause: Cause, asks: readonly Ask[], order: number): void {
    this.addPlain(cause, order)
    this.#asks.add(this.#table.rows - 1, isPlain(asks) ? undefined : asks)
  }

  /** Of a single plain market order. */
  addPlain(cause: Cause, order: number): void {
    const { notes } = this.#actor.collected
    const at = this.#table.add()
    const { cells } = this.#table
    cells[at] = this.#actor.moment[0]!
    cells[at + 1] = cause.event
    cells[at + 2] = cause.series
    cells[at + 3] = cause.row
    cells[at + 4] = order
    this.#reasons.add(this.#table.rows - 1, notes.count > 0 ? notes.now : undefined)
  }

  get count(): number {
    return this.#table.rows
  }

  record(index: number): DecisionRecord {
    const cell = (column: number) => this.#table.at(index, column)
    const asks = this.#asks.at(index)
    return {
      number: index + 1,
      atUs: cell(0),
      event: cell(1),
      series: cell(2),
      row: cell(3),
      reasons: this.#reasons.at(index) ?? NOTHING,
      intents: asks ? asks.map(intentOf) : [this.#plain(cell(4))],
    }
  }

  #plain(row: number): DecisionRecord['intents'][number] {
    return this.#orders.plainIntent(row)
  }
}

/** All of it is in the log of orders. */
function isPlain(asks: readonly Ask[]): boolean {
  const [ask] = asks
  return (
    asks.length === 1 &&
    ask?.type === 'place' &&
    ask.orderType === 'market' &&
    ask.timeInForce === 'GTC' &&
    !ask.reduceOnly &&
    !ask.linked &&
    ask.parent === '' &&
    ask.oco === ''
  )
}
