import { OrderBook } from '@contrail/trading'
import type { Collector } from '../judge/collector.ts'
import type { BadRow, FileEvent } from './event.ts'
import { eventsOf } from './feed.ts'
import type { FileFeed } from './feed.ts'

/** Ids of more digits are not exact in a double. */
const NUMERIC_ID = /^\d{1,15}$/
const SIDES = { buy: 1, sell: -1, unknown: 0 } as const

/** The rows of a file, one event after the other, into a collector: for formats that are not lines of numbers. */
export async function collectEvents(
  feed: FileFeed,
  collector: Collector,
  depth: number,
  onRow: (event: FileEvent | BadRow) => void,
): Promise<void> {
  const book = new OrderBook()
  for await (const event of eventsOf(feed)) {
    onRow(event)
    if (event.kind === 'bad') collector.bad(event.line, event.reason, event.text)
    else collect(event, collector, book, depth)
  }
}

function collect(event: FileEvent, collector: Collector, book: OrderBook, depth: number): void {
  const { venueTimeUs, receiveTimeUs = venueTimeUs, line = 0 } = event
  switch (event.kind) {
    case 'trade': {
      const numeric = NUMERIC_ID.test(event.tradeId)
      const id = numeric ? Number(event.tradeId) : Number.NaN
      const text = numeric ? '' : event.tradeId
      return collector.tick(line, receiveTimeUs, venueTimeUs, id, text, SIDES[event.side], event.price, event.quantity)
    }
    case 'quote': {
      const { bid, bidQuantity, ask, askQuantity, updateId = Number.NaN } = event
      return collector.quote(line, receiveTimeUs, venueTimeUs, bid, bidQuantity, ask, askQuantity, updateId)
    }
    case 'candle': {
      const { openTimeUs, open, high, low, close, volume, quoteVolume, trades } = event.candle
      return collector.candle(line, openTimeUs, open, high, low, close, volume, quoteVolume, trades)
    }
    case 'funding':
      return collector.funding(line, receiveTimeUs, event.rate)
    case 'snapshot':
      book.applySnapshot(event)
      break
    case 'diff':
      book.applyDiff(event)
      break
  }
  collector.book(receiveTimeUs, venueTimeUs, book.updateId, book.state === 'live' ? book.top(depth) : undefined)
}
