import path from 'node:path'
import { refuse } from '@contrail/contracts'
import { barterFormat } from './barter.ts'
import { binanceCaptureFormat } from './binance-capture.ts'
import { binanceAggTradesFormat, binanceKlinesFormat, binanceTradesFormat } from './binance-dump.ts'
import { csvFormat, krakenCsvFormat } from './csv.ts'
import type { Format } from './format.ts'
import { freqtradeFormat } from './freqtrade.ts'
import { jsonFormat, jsonLinesFormat } from './json.ts'
import { leanFormat, leanPlace } from './lean.ts'

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

/**
 * Which format a file is in, by its path, its first row and how its text begins (without white space), where that leaves
 * no doubt.
 */
export function guessFormat(file: string, firstRow: string, start: string): Format {
  const name = path.basename(file)
  const cells = firstRow.split(/[,;\t]/)
  if (leanPlace(file)) return leanFormat
  if (/^\d{13,19} \{/.test(firstRow)) return binanceCaptureFormat
  if (start.startsWith('[[')) return /^\[\[[^\]]*["n]/.test(start) ? freqtradeFormat : jsonFormat
  if (/^\[\{"(Item|Reconnecting)"/.test(start)) return barterFormat
  if (start.startsWith('[{')) return jsonFormat
  if (/^[{[]/.test(start)) return jsonLinesFormat
  if (/-aggTrades-/.test(name)) return binanceAggTradesFormat
  if (/-trades-/.test(name)) return binanceTradesFormat
  if (/-\d+[smhd]-/.test(name) && cells.length >= 9) return binanceKlinesFormat
  if (cells.length === 3 && cells.every((cell) => Number.isFinite(Number(cell)))) return krakenCsvFormat
  if (/[a-z]/i.test(firstRow) && cells.length >= 2) return csvFormat
  throw refuse('unknown_format', 'format', firstRow, `name the format: one of ${FORMAT_NAMES.join(', ')}`)
}
