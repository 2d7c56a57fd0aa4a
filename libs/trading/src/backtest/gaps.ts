import { DAY_US } from '@contrail/contracts'
import type { Feed } from './feed.ts'

/** By its middle, wherever its midnight is. 1970-01-01 was a Thursday. */
const isWeekend = (openUs: number): boolean => {
  const day = (Math.floor((openUs + DAY_US / 2) / DAY_US) + 4) % 7
  return day === 0 || day === 6
}
const fiveDays = new WeakMap<Float64Array, boolean>()

/** Daily bars of a market that rests at weekends have none of them anywhere. */
function restsAtWeekends({ timesUs }: Feed): boolean {
  const known = fiveDays.get(timesUs)
  if (known !== undefined) return known
  const rests = !timesUs.some(isWeekend)
  fiveDays.set(timesUs, rests)
  return rests
}

/** Rows that do not open when the one before them is over, by the times of their series: the same for every run over it. */
const breaks = new WeakMap<Float64Array, { readonly spanUs: number; readonly rows: Float64Array }>()

export function breaksOf(timesUs: Float64Array, spanUs: number): Float64Array {
  const known = breaks.get(timesUs)
  if (known?.spanUs === spanUs) return known.rows
  const found: number[] = []
  for (let row = 1; row < timesUs.length; row++) if (timesUs[row] !== timesUs[row - 1]! + spanUs) found.push(row)
  const rows = Float64Array.from(found)
  breaks.set(timesUs, { spanUs, rows })
  return rows
}

/** What is missing before the bar that opens at `openUs`; undefined = nothing, the market was closed. */
export function gapBetween(feed: Feed, row: number, openUs: number): { fromUs: number; detail: string } | undefined {
  const { timesUs, spanUs } = feed
  const fromUs = timesUs[row - 1]! + spanUs
  if (openUs <= fromUs) return undefined
  let missing = Math.round((openUs - fromUs) / spanUs)
  if (spanUs === DAY_US && restsAtWeekends(feed)) {
    missing = 0
    // A day may be an hour longer or shorter than its span.
    for (let dayUs = fromUs; openUs - dayUs > DAY_US / 2; dayUs += DAY_US) if (!isWeekend(dayUs)) missing++
  }
  if (missing === 0) return undefined
  return { fromUs, detail: `${missing} bar${missing === 1 ? '' : 's'} missing` }
}
