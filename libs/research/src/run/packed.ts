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
  const columns = <N extends string, C>(names: readonly N[], make: (name: N) => C) =>
    Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, C>
  return {
    rows: trades.length,
    numbers: columns(NUMBERS, (name) => Float64Array.from(trades, (one) => one[name])),
    codes: columns(TEXTS, (name) => Int32Array.from(trades, (one) => codeOf(one[name]))),
    words,
  }
}

export const memoryOf = ({ numbers, codes }: PackedTrades): ArrayBuffer[] =>
  [...Object.values(numbers), ...Object.values(codes)].map(({ buffer }) => buffer)

export function unpackTrades({ rows, numbers, codes, words }: PackedTrades): TradeRecord[] {
  const word = (name: TextName, row: number): string | undefined => words[codes[name][row] as number]
  return Array.from({ length: rows }, (_, row) => ({
    venue: word('venue', row) as string,
    instrument: word('instrument', row) as string,
    side: word('side', row) as TradeRecord['side'],
    quantity: numbers.quantity[row] as number,
    entryTimeUs: numbers.entryTimeUs[row] as number,
    exitTimeUs: numbers.exitTimeUs[row] as number,
    entryRow: numbers.entryRow[row] as number,
    exitRow: numbers.exitRow[row] as number,
    entryPrice: numbers.entryPrice[row] as number,
    exitPrice: numbers.exitPrice[row] as number,
    pnl: numbers.pnl[row] as number,
    fees: numbers.fees[row] as number,
    funding: numbers.funding[row] as number,
    returnRatio: numbers.returnRatio[row] as number,
    mae: numbers.mae[row] as number,
    mfe: numbers.mfe[row] as number,
    entryTag: word('entryTag', row),
    exitTag: word('exitTag', row),
    exitReason: word('exitReason', row) as TradeRecord['exitReason'],
  }))
}
