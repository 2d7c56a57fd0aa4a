import { decodeCandle, decodeJson, decodeTick, feedStatusSchema, parseSubject } from '@contrail/contracts'
import type { TickGroup } from '@contrail/contracts'
import type { Bus } from '@contrail/runtime'
import { eventOf } from './topics.ts'
import type { StreamEvent } from './topics.ts'

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

  const send = (key: string, group: TickGroup) => emit(eventOf('tick', group, { instrument: key, key: `tick.${key}` }))

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
    emit(
      eventOf(
        'candle',
        { venue, instrument, ...candle, timeframe },
        { instrument: key, key: `candle.${key}.${timeframe}` },
      ),
    )
  }

  function onFeed(subject: string, data: Uint8Array): void {
    const parsed = parseSubject(subject)
    if (parsed.kind !== 'feedStatus') return
    const { venue, instrument } = parsed
    const { schema: _version, ...status } = decodeJson(feedStatusSchema, data, 'feedStatus')
    const key = `feed.${venue}.${instrument}`
    const event = eventOf('feed', { venue, instrument, ...status }, { key })
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
