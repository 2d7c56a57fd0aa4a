import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { barterFormat } from './barter.ts'
import { binanceCaptureFormat } from './binance-capture.ts'
import { binanceAggTradesFormat, binanceKlinesFormat, binanceTradesFormat } from './binance-dump.ts'
import { bareBars, bareOf, csvFormat, krakenCsvFormat } from './csv.ts'
import { dialectOf } from './dialect.ts'
import type { Format } from './format.ts'
import { freqtradeFormat } from './freqtrade.ts'
import { jsonFormat, jsonLinesFormat, wrappersOf } from './json.ts'
import { leanFormat, leanPlace } from './lean.ts'
import { separatorOf, splitRow } from './split.ts'

export const FORMATS: readonly Format[] = [
  csvFormat,
  krakenCsvFormat,
  binanceTradesFormat,
  binanceAggTradesFormat,
  binanceKlinesFormat,
  freqtradeFormat,
  binanceCaptureFormat,
  jsonFormat,
  jsonLinesFormat,
  barterFormat,
  leanFormat,
]
export const FORMAT_NAMES = FORMATS.map((format) => format.name)

export function formatNamed(name: string): Format {
  const found = FORMATS.find((format) => format.name === name)
  if (!found) throw refuse('unknown_format', 'format', name, `use one of ${FORMAT_NAMES.join(', ')}`)
  return found
}

/** Open and close time, as numbers of one unit, and nine cells more. */
function isKline(cells: readonly string[]): boolean {
  const [opened, closed] = [Number(cells[0]), Number(cells[6])]
  return cells.length >= 11 && bareBars(cells) !== undefined && closed > opened && closed < opened * 1.5
}

/** A bar without a header, with a date or numbers written in another way. */
function isOddBar(text: string): boolean {
  const separator = separatorOf(text)
  const dialect = dialectOf([{ line: 1, text }], separator)
  return dialect !== undefined && bareOf(splitRow(text, separator), dialect) !== undefined
}

/**
 * Which format a file is in, by its path, its first row and how its text begins (without white space), where that leaves
 * no doubt.
 */
export function guessFormat(file: string, firstRow: string, start: string): Format {
  const name = path.basename(file)
  const cells = firstRow.split(/[,;\t|]/)
  if (leanPlace(file)) return leanFormat
  if (/^\d{13,19} \{/.test(firstRow)) return binanceCaptureFormat
  // Its trades say a side; bars of exchanges may hold their numbers as texts.
  if (start.startsWith('[[')) return /^\[\[[^\]]*"(?:buy|sell)"/i.test(start) ? freqtradeFormat : jsonFormat
  if (/^\[\{"(Item|Reconnecting)"/.test(start)) return barterFormat
  if (start.startsWith('[{') || wrappersOf(start) > 0) return jsonFormat
  if (/^[{[]/.test(start)) return jsonLinesFormat
  if (/-aggTrades-/.test(name)) return binanceAggTradesFormat
  if (/-trades-/.test(name)) return binanceTradesFormat
  if (/-\d+[smhd]-/.test(name) && cells.length >= 9) return binanceKlinesFormat
  if (cells.length === 3 && cells.every((cell) => Number.isFinite(Number(cell)))) return krakenCsvFormat
  if (isKline(cells)) return binanceKlinesFormat
  if ((/[a-z]/i.test(firstRow) && cells.length >= 2) || bareBars(cells) || isOddBar(firstRow)) return csvFormat
  throw refuse('unknown_format', 'format', firstRow, `name the format: one of ${FORMAT_NAMES.join(', ')}`)
}
