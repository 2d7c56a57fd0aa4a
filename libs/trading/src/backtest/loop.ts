import type { Context, StrategyDefinition } from '../strategy/api.ts'
import { refusePromise } from '../strategy/handlers.ts'
import type { Direct } from '../strategy/handlers.ts'
import type { CandleColumns } from './columns.ts'
import { CandleRow } from './rows.ts'

/** What the loop over bars has to do with its stretch. */
export type Pace = {
  /** The row at hand. */
  at: number
  readonly touched: Float64Array
  readonly collected: { readonly isUsed: boolean }
  /** After a call that asked for something or noted it. */
  decides(): boolean
}
type Loop = (pace: Pace, direct: Direct, columns: CandleColumns, first: number, end: number) => number

/**
 * Shows rows from `first` to before `end`, or to one that has decided something. Of this text there are copies, which know
 * nothing of this module: so the first two arguments are what it uses of it.
 */
function showBars(
  Row: typeof CandleRow,
  refuse: typeof refusePromise,
  pace: Pace,
  { definition, context, state }: Direct,
  columns: CandleColumns,
  first: number,
  end: number,
): number {
  const { collected } = pace
  const { open } = columns
  // Whole by themselves: said so that they are kept as such.
  const until = end | 0
  let row = first | 0
  let opened = 0
  for (; row < until; row++) {
    pace.at = row
    // Only so that the opens around it are in the cache of the processor when an order meets the next one.
    opened = open[row]!
    // As a method: V8 knows what is called here, and compiles it in.
    const returned = definition.onCandle!(context as Context<unknown>, state, new Row(columns, row))
    if (returned !== undefined) refuse(returned)
    if (collected.isUsed && pace.decides()) break
  }
  pace.touched[0] = opened
  return row
}

/** Strategies of a thread that have a copy of their own; all others share the first one. */
const COPIES_MAX = 32
const loops = new WeakMap<StrategyDefinition, Loop>()
let copies = 0

/** Another text each time: of equal ones V8 keeps one. */
const copyOf = (number: number) =>
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is that of the function above
  new Function(`return ${showBars.toString()} // ${number}`) as () => typeof showBars

/**
 * V8 compiles an author's code into the loop that calls it while that loop has called no other's; it takes the same function
 * for the same loop, whoever made it. So each strategy of a thread has a copy of the text: alone or one of eight, it takes the
 * same time (twice as much with one loop for all of them).
 */
export function loopOf(definition: StrategyDefinition): Loop {
  const known = loops.get(definition)
  if (known) return known
  const isCopied = copies > 0 && copies < COPIES_MAX
  const make = isCopied ? copyOf(copies) : () => showBars
  const show = make()
  const loop: Loop = (pace, direct, columns, first, end) =>
    show(CandleRow, refusePromise, pace, direct, columns, first, end)
  copies++
  loops.set(definition, loop)
  return loop
}
