import { refuse } from '@contrail/contracts'
import { binanceCaptureFormat } from './binance-capture.ts'
import { binanceAggTradesFormat, binanceKlinesFormat, binanceTradesFormat } from './binance-dump.ts'
import { csvFormat, krakenCsvFormat } from './csv.ts'
import type { Format } from './format.ts'
import { freqtradeFormat } from './freqtrade.ts'

export const FORMATS: readonly Format[] = [
  csvFormat,
  krakenCsvFormat,
  binanceTradesFormat,
  binanceAggTradesFormat,
  binanceKlinesFormat,
  freqtradeFormat,
  binanceCaptureFormat,
]
export const FORMAT_NAMES = FORMATS.map((format) => format.name)

export function formatNamed(name: string): Format {
  const found = FORMATS.find((format) => format.name === name)
  if (!found) throw refuse('unknown_format', 'format', name, `use one of ${FORMAT_NAMES.join(', ')}`)
  return found
}

/** Which format a file is in, by its first row and its name, where that leaves no doubt. */
export function guessFormat(fileName: string, firstRow: string): Format {
  const cells = firstRow.split(/[,;\t]/)
  if (/^\d{13,19} \{/.test(firstRow)) return binanceCaptureFormat
  if (firstRow.startsWith('[[')) return freqtradeFormat
  if (/-aggTrades-/.test(fileName)) return binanceAggTradesFormat
  if (/-trades-/.test(fileName)) return binanceTradesFormat
  if (/-\d+[smhd]-/.test(fileName) && cells.length >= 9) return binanceKlinesFormat
  if (cells.length === 3 && cells.every((cell) => Number.isFinite(Number(cell)))) return krakenCsvFormat
  if (/[a-z]/i.test(firstRow) && cells.length >= 3 && !firstRow.includes('{')) return csvFormat
  throw refuse('unknown_format', 'format', firstRow, `name the format: one of ${FORMAT_NAMES.join(', ')}`)
}
