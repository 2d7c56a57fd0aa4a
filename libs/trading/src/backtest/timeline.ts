import { refuse } from '@contrail/contracts'
import type { MarketColumns } from './columns.ts'
import type { Feed } from './feed.ts'

/*
 * The order of all events of a run as one column of codes, feed x 2 (+ 1 = the open of a bar). Rows of a feed come in their
 * order, so a code alone says which row is next. It is made once for the same series and used by every run over them.
 */
const FEEDS_MAX = 32_767
export const isOpening = (code: number): boolean => (code & 1) === 1

type Kept = { readonly key: string; readonly order: Uint16Array }
const kept = new WeakMap<readonly MarketColumns[], Kept>()

export function timelineOf(series: readonly MarketColumns[], feeds: readonly Feed[], isBarModel: boolean): Uint16Array {
  const key = `${isBarModel} ${feeds.map(({ first, end }) => `${first}-${end}`).join()}`
  const before = kept.get(series)
  if (before?.key === key) return before.order
  if (feeds.length > FEEDS_MAX) throw refuse('too_many_series', 'series', feeds.length, `give at most ${FEEDS_MAX}`)
  const order = merge(feeds, isBarModel)
  kept.set(series, { key, order })
  return order
}

/** One run of ascending times: the rows of a feed as they are seen, or the opens of its bars. */
type Lane = { readonly code: number; readonly timesUs: Float64Array; readonly addUs: number; at: number; end: number }

function merge(feeds: readonly Feed[], isBarModel: boolean): Uint16Array {
  const lanes: Lane[] = feeds.map(({ index, timesUs, spanUs, first, end }) => ({
    code: index * 2,
    timesUs,
    addUs: spanUs,
    at: first,
    end,
  }))
  // After all data of the same instant, because what is decided on them meets the open.
  if (isBarModel)
    for (const { index, timesUs, first, end, matches, columns } of feeds)
      if (matches && columns.kind === 'candles') lanes.push({ code: index * 2 + 1, timesUs, addUs: 0, at: first, end })
  const order = new Uint16Array(lanes.reduce((sum, { at, end }) => sum + end - at, 0))
  const nextUs = Float64Array.from(lanes, (lane) => timeOf(lane))
  for (let k = 0; k < order.length; k++) {
    let best = 0
    for (let i = 1; i < nextUs.length; i++) if (nextUs[i]! < nextUs[best]!) best = i
    const lane = lanes[best]!
    order[k] = lane.code
    lane.at++
    nextUs[best] = timeOf(lane)
  }
  return order
}

const timeOf = ({ timesUs, addUs, at, end }: Lane): number => (at < end ? timesUs[at]! + addUs : Infinity)

/** The last `count` rows of each feed before the run proper, in the order of their times. */
export function historyOf(feeds: readonly Feed[], count: number): { feed: Feed; row: number; atUs: number }[] {
  const rows = feeds.flatMap((feed) => {
    const from = Math.max(0, feed.first - count)
    return Array.from({ length: feed.first - from }, (_, index) => {
      const row = from + index
      return { feed, row, atUs: feed.timesUs[row]! + feed.spanUs }
    })
  })
  return rows.toSorted((a, b) => a.atUs - b.atUs || a.feed.index - b.feed.index || a.row - b.row)
}
