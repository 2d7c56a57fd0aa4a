import type {
  AlertView,
  CandleView,
  EquityPoint,
  FillView,
  HaltView,
  Instrument,
  OrderView,
  PnlView,
  StrategyView,
  StreamEventName,
  StreamEvents,
  TickGroup,
} from '@contrail/contracts'
import { explain, get, openSession, takeToken } from './api.ts'
import { rememberHidden } from './hidden-alerts.ts'
import type { Market } from './model.ts'
import { ALERTS_MAX, answeredOrders, mergeAlerts, mergeFills, reduce } from './reduce.ts'
import { notify, read, update } from './store.ts'
import { openStream } from './stream.ts'

type List<T> = { items: T[] }
/** Fewer minutes than this make no picture. */
const MINUTES_WANTED = 15
/** The chart takes market data past the model: ten times a second is too often for React. */
export type MarketListener = {
  onTick(tick: TickGroup): void
  onCandle(candle: StreamEvents['candle']): void
  /** The stream began anew: bars may be missing. */
  onResume(): void
}
const listeners = new Set<MarketListener>()
export function listenToMarket(listener: MarketListener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

let stream: { stop(): void } | undefined

/** Token of the URL -> session, then the stream; everything else follows from its first event. */
export async function begin(): Promise<void> {
  rememberHidden()
  addEventListener('hashchange', () => void enter(takeToken()))
  await enter(takeToken())
}

export async function enter(token: string | undefined): Promise<boolean> {
  try {
    if (token !== undefined && !(await openSession(token))) {
      notify('bad', 'This token is not valid. Use the address that npx contrail open prints.')
      return false
    }
  } catch (error) {
    notify('bad', explain(error))
  }
  if (stream && read().phase !== 'signed_out') return true
  stream?.stop()
  stream = openStream('/v1/stream', {
    onEvent: (name, data) => onEvent(name as StreamEventName, data as never),
    onPhase: (phase) => update((model) => ({ ...model, phase })),
    onBeat: () => update((model) => ({ ...model, beatMs: performance.now() })),
  })
  return true
}

function onEvent<N extends StreamEventName>(name: N, data: StreamEvents[N]): void {
  update((model) => {
    const next = reduce(model, name, data)
    const isMarket = name === 'tick' || name === 'candle'
    return isMarket ? { ...next, marketMs: performance.now() } : next
  })
  if (name === 'tick') for (const listener of listeners) listener.onTick(data as TickGroup)
  if (name === 'candle') for (const listener of listeners) listener.onCandle(data as StreamEvents['candle'])
  if (name === 'hello' || name === 'reset') {
    void refreshAll()
    for (const listener of listeners) listener.onResume()
  }
  if (name === 'report') soon('orders', refreshOrders)
  if (name === 'control' || name === 'strategy') soon('strategies', refreshStrategies)
}

/** Several reasons within a moment are one request. */
const pending = new Map<string, ReturnType<typeof setTimeout>>()
function soon(what: string, work: () => Promise<void>): void {
  if (pending.has(what)) return
  const timer = setTimeout(() => {
    pending.delete(what)
    void quietly(work)
  }, 400)
  pending.set(what, timer)
}

async function quietly(work: () => Promise<void>): Promise<void> {
  await work().catch(() => undefined) // the connection and the health strip say what is away
}

export async function refreshAll(): Promise<void> {
  const all = [
    refreshInstruments,
    refreshOrders,
    refreshStrategies,
    refreshEquity,
    refreshPnl,
    refreshHalts,
    refreshAlerts,
    refreshFeeds,
  ]
  await Promise.all(all.map(quietly))
}

async function refreshInstruments(): Promise<void> {
  const { items } = await get<List<Instrument>>('/v1/instruments')
  const first = read().market ?? (await firstMarket(items))
  update((model) => ({ ...model, instruments: items, market: model.market ?? first }))
}

/** The one in the address, else one that is traded; in seconds as long as the platform is too young for minutes. */
async function firstMarket(items: readonly Instrument[]): Promise<Market | undefined> {
  const [venue, instrument, timeframe] = (new URLSearchParams(location.search).get('market') ?? '').split('/')
  const asked = items.find((item) => item.venue === venue && item.instrument === instrument)
  const found = asked ?? (await traded(items))
  if (!found) return undefined
  const market = { venue: found.venue, instrument: found.instrument }
  if (timeframe) return { ...market, timeframe }
  const query = new URLSearchParams({ ...market, timeframe: '1m', limit: String(MINUTES_WANTED) })
  const bars = await get<List<CandleView>>(`/v1/candles?${query}`)
  return { ...market, timeframe: bars.items.length < MINUTES_WANTED ? '1s' : '1m' }
}

/** Where the last fill was, else what the first strategy names, else the first there is. */
async function traded(items: readonly Instrument[]): Promise<Instrument | undefined> {
  const [fills, cards] = await Promise.all([
    get<List<FillView>>('/v1/fills?limit=1').catch(() => ({ items: [] })),
    get<List<StrategyView>>('/v1/strategies').catch(() => ({ items: [] })),
  ])
  const names = [fills.items[0]?.instrument, ...cards.items.map(({ parameters }) => parameters['instrument'])]
  const known = names.map((name) => items.find((item) => item.instrument === name))
  return known.find((item) => item !== undefined) ?? items[0]
}

export function choose(change: Partial<Market>): void {
  const known = read().market
  if (!known) return
  const market = { ...known, ...change }
  update((model) => ({ ...model, market }))
  const search = `?market=${market.venue}/${market.instrument}/${market.timeframe}`
  history.replaceState(null, '', location.pathname + search)
}

async function refreshOrders(): Promise<void> {
  const asked = read().orders ?? []
  const [recent, open, fills] = await Promise.all([
    get<List<OrderView>>('/v1/orders?limit=200'),
    get<List<OrderView>>('/v1/orders?status=open&limit=500'),
    get<List<FillView>>('/v1/fills?limit=500'),
  ])
  update((model) => ({
    ...model,
    orders: answeredOrders(model.orders ?? [], asked, { recent: recent.items, open: open.items }),
    fills: mergeFills(model.fills ?? [], fills.items),
  }))
}

export async function refreshStrategies(): Promise<void> {
  const { items } = await get<List<StrategyView>>('/v1/strategies')
  update((model) => ({ ...model, strategies: items }))
}

async function refreshEquity(): Promise<void> {
  const { items } = await get<List<EquityPoint>>('/v1/equity?limit=2000')
  update((model) => {
    const end = items.at(-1)?.atUs ?? 0
    return { ...model, equity: [...items, ...(model.equity ?? []).filter((point) => point.atUs > end)] }
  })
}

/** For the capital; all else of it comes with the positions. */
async function refreshPnl(): Promise<void> {
  const { items } = await get<List<PnlView>>('/v1/pnl?group=account')
  update((model) => ({ ...model, pnl: items }))
}

async function refreshAlerts(): Promise<void> {
  const { items } = await get<List<AlertView>>(`/v1/alerts?limit=${ALERTS_MAX}`)
  update((model) => ({ ...model, alerts: mergeAlerts(model.alerts, items) }))
}

async function refreshHalts(): Promise<void> {
  const { items } = await get<List<HaltView>>('/v1/halts')
  update((model) => {
    const newer = items.filter((halt) => halt.atUs >= (model.halts[halt.scope]?.atUs ?? 0))
    return { ...model, halts: { ...model.halts, ...Object.fromEntries(newer.map((halt) => [halt.scope, halt])) } }
  })
}

async function refreshFeeds(): Promise<void> {
  const { items } = await get<List<StreamEvents['feed']>>('/v1/feeds')
  const feeds = Object.fromEntries(items.map((feed) => [`${feed.venue}.${feed.instrument}`, feed]))
  update((model) => ({ ...model, feeds: { ...feeds, ...model.feeds } }))
}
