import path from 'node:path'
import { instrumentId, refuse, TIMEFRAME_US, TIMEFRAMES } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import { firstBytes } from '../files/open.ts'
import { rolesOf, WITHOUT } from '../files/roles.ts'
import type { Column, Shape } from '../files/roles.ts'
import { instrumentOfFile } from '../files/symbol.ts'
import { isoUs, TIME_UNITS, unitOf } from '../files/time.ts'
import type { TimeUnit } from '../files/time.ts'
import type { Collector } from '../judge/collector.ts'
import { arrowBatches } from './arrow.ts'
import { parquetBatches } from './parquet.ts'
import type { TableBatch, TableColumn } from './table.ts'

export const TABLE_FORMATS = ['parquet', 'arrow'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]
export type TableOptions = {
  file: string
  instrument?: string | undefined
  timeframe?: Timeframe | undefined
  timeUnit?: TimeUnit | undefined
}
/** A columnar file that was looked at: what its rows are. */
export type TableFeed = {
  readonly file: string
  readonly name: string
  readonly format: TableFormat
  readonly shape: Shape
  readonly instrument: string
  readonly timeframe: Timeframe | undefined
  readonly timeUnit: TimeUnit | 'iso'
}

/** By its first bytes; undefined for a file of text. */
export async function tableFormatOf(file: string): Promise<TableFormat | undefined> {
  const head = (await firstBytes(file, path.basename(file))).toString('latin1')
  if (head.startsWith('PAR1')) return 'parquet'
  if (head.startsWith('ARROW1') || head.startsWith('\xff\xff\xff\xff')) return 'arrow'
  if (head.startsWith('FEA1'))
    throw refuse('old_feather', 'file', path.basename(file), 'write it as Feather version 2 (the default since 2020)')
  return undefined
}

const batchesOf = (file: string, format: TableFormat): AsyncGenerator<TableBatch> =>
  (format === 'parquet' ? parquetBatches : arrowBatches)(file, path.basename(file))

const LOOK_ROWS = 1000

export async function inspectTable(options: TableOptions, format: TableFormat): Promise<TableFeed> {
  const name = path.basename(options.file)
  const named = options.instrument ?? instrumentOfFile(name, [])
  if (!named)
    throw refuse('no_instrument', 'instrument', name, 'the file does not name it; give it as BASE-QUOTE, e.g. BTC-USDT')
  for await (const batch of batchesOf(options.file, format)) {
    if (batch.rows === 0) continue
    const { shape, column } = columnsOf(batch)
    const time = column('time')!
    const timeUnit = unitOfColumn(time, options.timeUnit)
    const times = Array.from({ length: Math.min(batch.rows, LOOK_ROWS) }, (_, row) => timeOf(time, timeUnit, row))
    const timeframe = shape === 'candles' ? (options.timeframe ?? timeframeOf(times, name)) : undefined
    return { file: options.file, name, format, shape, instrument: instrumentId(named), timeframe, timeUnit }
  }
  throw refuse('empty_file', 'file', name, 'give a file with rows')
}

export async function collectTable(
  feed: TableFeed,
  collector: Collector,
  onRows: (line: number) => void,
): Promise<void> {
  let line = 0
  for await (const batch of batchesOf(feed.file, feed.format)) {
    const { shape, column } = columnsOf(batch)
    const read = rowReader(shape, column, feed, collector)
    for (let row = 0; row < batch.rows; row++) read(row, ++line)
    onRows(line)
  }
}

type Columns = (role: Column) => TableColumn | undefined

function columnsOf(batch: TableBatch): { shape: Shape; column: Columns } {
  const names = batch.columns.map(({ name }) => name)
  const { index, shape } = rolesOf(names, names.join(','))
  return { shape, column: (role) => (index[role] === undefined ? undefined : batch.columns[index[role]]) }
}

function rowReader(shape: Shape, column: Columns, feed: TableFeed, collector: Collector) {
  const time = column('time')!
  const venueTime = column('venueTime')
  const number = (role: Column) => {
    const found = column(role)
    const without = Number(WITHOUT[role] ?? Number.NaN)
    return (row: number): number => (found ? found.number(row) : without)
  }
  const [open, high, low, close, volume] = (['open', 'high', 'low', 'close', 'volume'] as const).map(number)
  const [quoteVolume, trades, price, quantity, rate] = (
    ['quoteVolume', 'trades', 'price', 'quantity', 'fundingRate'] as const
  ).map(number)
  const [bid, bidQuantity, ask, askQuantity] = (['bid', 'bidQuantity', 'ask', 'askQuantity'] as const).map(number)
  const [id, side, maker] = [column('id'), column('side'), column('buyerIsMaker')]
  return (row: number, line: number): void => {
    const us = timeOf(time, feed.timeUnit, row)
    if (Number.isNaN(us)) return collector.bad(line, 'bad_time', time.text(row))
    const venueUs = venueTime ? venueTime.number(row) : us
    if (shape === 'candles')
      collector.candle(
        line,
        us,
        open!(row),
        high!(row),
        low!(row),
        close!(row),
        volume!(row),
        quoteVolume!(row),
        trades!(row),
      )
    else if (shape === 'ticks') {
      const [number, text] = idOf(id, row)
      collector.tick(line, us, venueUs, number, text, sideOf(side, maker, row), price!(row), quantity!(row))
    } else if (shape === 'quotes')
      collector.quote(
        line,
        us,
        venueUs,
        bid!(row),
        bidQuantity!(row) || 0,
        ask!(row),
        askQuantity!(row) || 0,
        Number.NaN,
      )
    else collector.funding(line, us, rate!(row))
  }
}

const NUMERIC_ID = /^\d{1,15}$/
function idOf(column: TableColumn | undefined, row: number): [number, string] {
  const text = column?.text(row) ?? ''
  return NUMERIC_ID.test(text) ? [Number(text), ''] : [Number.NaN, text === 'NaN' ? '' : text]
}

function sideOf(side: TableColumn | undefined, maker: TableColumn | undefined, row: number): number {
  const text = (maker ?? side)?.text(row).toLowerCase() ?? ''
  if (maker) return text === 'true' || text === '1' ? -1 : text === 'false' || text === '0' ? 1 : 0
  if (['buy', 'b', 'bid', '1'].includes(text)) return 1
  return ['sell', 's', 'ask', '-1'].includes(text) ? -1 : 0
}

const US_PER: Readonly<Record<TimeUnit, number>> = { s: 1_000_000, ms: 1000, us: 1, ns: 0.001 }

function unitOfColumn(time: TableColumn, given: TimeUnit | undefined): TimeUnit | 'iso' {
  if (time.isTime) return 'us'
  const first = time.number(0)
  if (Number.isNaN(first)) return 'iso'
  const found = unitOf(first)
  if (given === undefined || given === found) return TIME_UNITS.find((unit) => unit === found) ?? 'us'
  throw refuse(
    'wrong_time_unit',
    'time',
    first,
    `the time unit was given as "${given}", the number looks like ${found}; give the time unit "${found}"`,
  )
}

function timeOf(time: TableColumn, unit: TimeUnit | 'iso', row: number): number {
  if (unit === 'iso') return isoUs(time.text(row)) ?? Number.NaN
  const us = Math.round(time.number(row) * US_PER[unit])
  return us > 0 ? us : Number.NaN
}

function timeframeOf(times: readonly number[], name: string): Timeframe {
  const apart = times.slice(1).map((time, i) => time - times[i]!)
  const least = Math.min(...apart.filter((us) => us > 0))
  const found = TIMEFRAMES.find((timeframe) => TIMEFRAME_US[timeframe] === least)
  if (found) return found
  throw refuse(
    'no_timeframe',
    'timeframe',
    `${name}: rows ${least / 1e6} s apart`,
    `give one of ${TIMEFRAMES.join(', ')}`,
  )
}
