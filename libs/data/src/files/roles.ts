import { refuse } from '@contrail/contracts'

/** Names of columns as the world writes them, in lower case without "_", "-", brackets, points and spaces. */
export const COLUMNS = {
  time: [
    'time',
    'timestamp',
    'ts',
    'date',
    'datetime',
    'opentime',
    'opentimeus',
    'unix',
    'unixtime',
    'transacttime',
    'tsms',
    'receivetimeus',
    'timeus',
    'gmttime',
  ],
  venueTime: ['venuetimeus'],
  price: ['price', 'p', 'rate'],
  quantity: ['quantity', 'qty', 'amount', 'size', 'q', 'volume'],
  id: ['id', 'tradeid', 'tid', 't', 'aggtradeid'],
  side: ['side', 'type', 'takerside', 'direction'],
  buyerIsMaker: ['isbuyermaker', 'wasbuyermaker'],
  open: ['open', 'o'],
  high: ['high', 'h'],
  low: ['low', 'l'],
  close: ['close', 'c'],
  volume: ['volume', 'vol', 'v', 'basevolume', 'tickvol', 'tickvolume'],
  quoteVolume: ['quotevolume', 'quoteassetvolume', 'quotevol'],
  trades: ['trades', 'count', 'numberoftrades', 'tradecount'],
  bid: ['bid', 'bidprice', 'bestbid'],
  bidQuantity: ['bidquantity', 'bidqty', 'bidsize', 'bidamount'],
  ask: ['ask', 'askprice', 'bestask'],
  askQuantity: ['askquantity', 'askqty', 'asksize', 'askamount'],
  fundingRate: ['fundingrate', 'rate'],
} as const
export type Column = keyof typeof COLUMNS
export type ColumnIndex = Partial<Record<Column, number>>
export type Shape = 'candles' | 'ticks' | 'quotes' | 'funding'

/** What a file without such a column is read as. */
export const WITHOUT: Readonly<Partial<Record<Column, string>>> = { volume: '0' }

/** Where each column lies, by the names in a header, and what the rows are. */
export function rolesOf(names: readonly string[], shown: string): { index: ColumnIndex; shape: Shape } {
  const plain = names.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[ _<>."-]/g, ''),
  )
  const index: ColumnIndex = {}
  for (const column of Object.keys(COLUMNS) as Column[]) {
    const found = plain.findIndex((name) => (COLUMNS[column] as readonly string[]).includes(name))
    if (found >= 0) index[column] = found
  }
  // The index of a table of pandas has no name.
  if (index.time === undefined && plain.includes('')) index.time = plain.indexOf('')
  // Bars of some exchanges have letters alone: there it is the time, and of a trade its id.
  if (index.time === undefined && index.open !== undefined && plain.includes('t')) index.time = plain.indexOf('t')
  // A table of days calls its close the price.
  const { open, high, low, close, price } = index
  if (open !== undefined && high !== undefined && low !== undefined && close === undefined && price !== undefined)
    index.close = price
  // `Volume BTC`, `Volume USDT`: first what is traded, then what it is paid in.
  const [volume, quoteVolume] = plain.flatMap((name, at) => (/^volume[a-z]{2,6}$/.test(name) ? [at] : []))
  if (index.volume === undefined && volume !== undefined) index.volume = volume
  if (index.quoteVolume === undefined && quoteVolume !== undefined) index.quoteVolume = quoteVolume
  const shape = shapeOf(index)
  if (!shape)
    throw refuse(
      'no_header',
      'file',
      shown,
      'start with a header: time,price,quantity[,id,side] or time,open,high,low,close,volume; ' +
        'or name the format (kraken-csv, binance-trades, binance-aggtrades, binance-klines have none)',
    )
  return { index, shape }
}

function shapeOf(index: ColumnIndex): Shape | undefined {
  const has = (...columns: Column[]) => columns.every((column) => index[column] !== undefined)
  if (!has('time')) return undefined
  if (has('open', 'high', 'low', 'close')) return 'candles'
  if (has('price', 'quantity')) return 'ticks'
  if (has('bid', 'ask')) return 'quotes'
  return has('fundingRate') ? 'funding' : undefined
}
