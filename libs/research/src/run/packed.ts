import type { BacktestResult, TradeRecord } from '@contrail/trading'

/*
 * The round trips of a run on their way from its thread: columns whose memory changes hands, where a copy of so many objects
 * would take longer than the run.
 */
const NUMBERS = [
  'quantity',
  'entryTimeUs',
  'exitTimeUs',
  'entryRow',
  'exitRow',
  'entryPrice',
  'exitPrice',
  'pnl',
  'fees',
  'funding',
  'returnRatio',
  'mae',
  'mfe',
] as const
const TEXTS = ['venue', 'instrument', 'side', 'entryTag', 'exitTag', 'exitReason'] as const
type NumberName = (typeof NUMBERS)[number]
type TextName = (typeof TEXTS)[number]

export type PackedTrades = {
  readonly rows: number
  readonly numbers: Readonly<Record<NumberName, Float64Array<ArrayBuffer>>>
  /** Row by row which of the words; -1 = none. */
  readonly codes: Readonly<Record<TextName, Int32Array<ArrayBuffer>>>
  readonly words: readonly string[]
}

export function packTrades(trades: BacktestResult['trades']): PackedTrades {
  const known = new Map<string | undefined, number>([[undefined, -1]])
  const words: string[] = []
  const codeOf = (word: string | undefined): number => {
    let code = known.get(word)
    if (code === undefined) known.set(word, (code = words.push(word as string) - 1))
    return code
  }
  const rows = trades.length
  const columns = <N extends string, C>(names: readonly N[], make: () => C) =>
    Object.fromEntries(names.map((name) => [name, make()])) as Record<N, C>
  const numbers = columns(NUMBERS, () => new Float64Array(rows))
  const codes = columns(TEXTS, () => new Int32Array(rows))
  // Spelled out: a loop over the names would look each of them up for every row.
  for (let row = 0; row < rows; row++) {
    const one = trades[row]!
    numbers.quantity[row] = one.quantity
    numbers.entryTimeUs[row] = one.entryTimeUs
    numbers.exitTimeUs[row] = one.exitTimeUs
    numbers.entryRow[row] = one.entryRow
    numbers.exitRow[row] = one.exitRow
    numbers.entryPrice[row] = one.entryPrice
    numbers.exitPrice[row] = one.exitPrice
    numbers.pnl[row] = one.pnl
    numbers.fees[row] = one.fees
    numbers.funding[row] = one.funding
    numbers.returnRatio[row] = one.returnRatio
    numbers.mae[row] = one.mae
    numbers.mfe[row] = one.mfe
    codes.venue[row] = codeOf(one.venue)
    codes.instrument[row] = codeOf(one.instrument)
    codes.side[row] = codeOf(one.side)
    codes.entryTag[row] = codeOf(one.entryTag)
    codes.exitTag[row] = codeOf(one.exitTag)
    codes.exitReason[row] = codeOf(one.exitReason)
  }
  return { rows, numbers, codes, words }
}

export const memoryOf = ({ numbers, codes }: PackedTrades): ArrayBuffer[] =>
  [...Object.values(numbers), ...Object.values(codes)].map(({ buffer }) => buffer)

export function unpackTrades({ rows, numbers, codes, words }: PackedTrades): TradeRecord[] {
  const word = (codesOf: Int32Array, row: number): string | undefined => words[codesOf[row]!]
  const trades: TradeRecord[] = []
  for (let row = 0; row < rows; row++)
    trades.push({
      venue: word(codes.venue, row)!,
      instrument: word(codes.instrument, row)!,
      side: word(codes.side, row) as TradeRecord['side'],
      quantity: numbers.quantity[row]!,
      entryTimeUs: numbers.entryTimeUs[row]!,
      exitTimeUs: numbers.exitTimeUs[row]!,
      entryRow: numbers.entryRow[row]!,
      exitRow: numbers.exitRow[row]!,
      entryPrice: numbers.entryPrice[row]!,
      exitPrice: numbers.exitPrice[row]!,
      pnl: numbers.pnl[row]!,
      fees: numbers.fees[row]!,
      funding: numbers.funding[row]!,
      returnRatio: numbers.returnRatio[row]!,
      mae: numbers.mae[row]!,
      mfe: numbers.mfe[row]!,
      entryTag: word(codes.entryTag, row),
      exitTag: word(codes.exitTag, row),
      exitReason: word(codes.exitReason, row) as TradeRecord['exitReason'],
    })
  return trades
}
