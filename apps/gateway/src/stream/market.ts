import { decodeCandle, decodeJson, decodeTick, feedStatusSchema, parseSubject } from '@contrail/contracts'
import type { Bus } from '@contrail/runtime'
import type { StreamEvent } from './topics.ts'

/** Several trades of one instrument as one event: nothing a bar needs is lost. */
type TickGroup = {
  venue: string
  instrument: string
  price: number
  open: number
  high: number
  low: number
  volume: number
  trades: number
  side: string
  /** Venue time of the last trade. Groups never cross a second of it, so bars of 1 s stay exact. */
  atUs: number
  receivedUs: number
}

export type Market = {
  start(): void
  stop(): void
  /** Sends what was gathered. Called ten times a second. */
  flush(): void
  lastPrice: (key: string) => number | undefined
  feeds(): StreamEvent[]
}

export type MarketOptions = {
  bus: Bus
  emit: (event: StreamEvent) => void
  onPrice: (key: string) => void
  onBad: (subject: string, error: unknown) => void
}

/** Live market data for eyes: it is not read back, a page that was away asks REST for the bars. */
export function createMarket({ bus, emit, onPrice, onBad }: MarketOptions): Market {
  const groups = new Map<string, TickGroup>()
  const prices = new Map<string, number>()
  const feeds = new Map<string, StreamEvent>()
  let subscriptions: { stop(): void }[] = []

  const send = (key: string, group: TickGroup) =>
    emit({ name: 'tick', json: JSON.stringify(group), instrument: key, key: `tick.${key}` })

  function onTick(subject: string, data: Uint8Array): void {
    const [, , venue, instrument] = subject.split('.') as [string, string, string, string]
    const tick = decodeTick(data)
    const key = `${venue}.${instrument}`
    prices.set(key, tick.price)
    onPrice(key)
    const group = groups.get(key)
    const sameSecond = group && Math.floor(group.atUs / 1e6) === Math.floor(tick.venueTimeUs / 1e6)
    if (group && sameSecond) return add(group, tick)
    if (group) send(key, group)
    const { price, quantity, side, venueTimeUs: atUs, receiveTimeUs: receivedUs } = tick
    const first = { price, open: price, high: price, low: price, volume: quantity, trades: 1, side, atUs, receivedUs }
    groups.set(key, { venue, instrument, ...first })
  }

  function onCandle(subject: string, data: Uint8Array): void {
    const parsed = parseSubject(subject)
    if (parsed.kind !== 'candle') return
    const { venue, instrument, timeframe } = parsed
    const { schema: _version, ...candle } = decodeCandle(data)
    const key = `${venue}.${instrument}`
    const group = groups.get(key)
    if (group && groups.delete(key)) send(key, group) // the trades of a bar before the bar
    const json = JSON.stringify({ venue, instrument, ...candle, timeframe })
    emit({ name: 'candle', json, instrument: key, key: `candle.${key}.${timeframe}` })
  }

  function onFeed(subject: string, data: Uint8Array): void {
    const parsed = parseSubject(subject)
    if (parsed.kind !== 'feedStatus') return
    const { venue, instrument } = parsed
    const { schema: _version, ...status } = decodeJson(feedStatusSchema, data, 'feedStatus')
    const key = `feed.${venue}.${instrument}`
    const event: StreamEvent = { name: 'feed', json: JSON.stringify({ venue, instrument, ...status }), key }
    feeds.set(key, event)
    emit(event)
  }

  const guarded = (handle: (subject: string, data: Uint8Array) => void) => (subject: string, data: Uint8Array) => {
    try {
      handle(subject, data)
    } catch (error) {
      onBad(subject, error)
    }
  }
  return {
    start() {
      if (subscriptions.length > 0) return
      subscriptions = [
        bus.subscribe('md.ticks.>', guarded(onTick)),
        bus.subscribe('md.candles.>', guarded(onCandle)),
        bus.subscribe('md.status.>', guarded(onFeed)),
      ]
    },
    stop() {
      for (const subscription of subscriptions) subscription.stop()
      subscriptions = []
      groups.clear()
    },
    flush() {
      for (const [key, group] of groups) send(key, group)
      groups.clear()
    },
    lastPrice: (key) => prices.get(key),
    feeds: () => [...feeds.values()],
  }
}

function add(group: TickGroup, tick: ReturnType<typeof decodeTick>): void {
  group.price = tick.price
  group.high = Math.max(group.high, tick.price)
  group.low = Math.min(group.low, tick.price)
  group.volume += tick.quantity
  group.trades++
  group.side = tick.side
  group.atUs = tick.venueTimeUs
  group.receivedUs = tick.receiveTimeUs
}
