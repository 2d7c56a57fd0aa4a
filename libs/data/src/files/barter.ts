import { bad, sideOf } from './format.ts'
import type { Format, Parsed } from './format.ts'
import { isoUs } from './time.ts'

type Item = {
  time_exchange?: unknown
  time_received?: unknown
  exchange?: unknown
  instrument?: unknown
  kind?: { Trade?: { id?: unknown; price?: unknown; amount?: unknown; side?: unknown } }
}

/** Market events of barter-rs: trades of the instrument that comes first, and where its feed was cut off. */
export const barterFormat: Format = {
  name: 'barter',
  title: 'barter-rs market events: [{"Item":{"Ok":{time_exchange, kind: {Trade}}}}, {"Reconnecting": venue}, ...]',
  rows: 'json',
  consecutiveIds: true,
  parser(context) {
    let stream: string | undefined
    const parse = (row: { line: number; text: string }): Parsed => {
      let item: Item | undefined
      try {
        const event = JSON.parse(row.text) as { Item?: { Ok?: Item } }
        if ('Reconnecting' in event) return undefined
        item = event.Item?.Ok
      } catch {
        return bad(row, 'bad_row')
      }
      const trade = item?.kind?.Trade
      if (!trade) return bad(row, 'bad_row')
      const own = `${String(item?.exchange)} ${String(item?.instrument)}`
      stream ??= own
      if (own !== stream) return bad(row, 'other_instrument')
      const venueTimeUs = isoUs(String(item?.time_exchange))
      const receiveTimeUs = isoUs(String(item?.time_received))
      if (venueTimeUs === undefined || receiveTimeUs === undefined) return bad(row, 'bad_time')
      return {
        kind: 'trade',
        instrument: context.instrument,
        venueTimeUs,
        receiveTimeUs,
        line: row.line,
        tradeId: String(trade.id),
        side: sideOf(String(trade.side)),
        price: Number(trade.price),
        quantity: Number(trade.amount),
      }
    }
    return { parse, times: { read: isoUs, unit: () => 'iso' } }
  },
}
