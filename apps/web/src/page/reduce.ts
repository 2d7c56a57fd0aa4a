import type { AlertView, FillView, OrderView, StreamEventName, StreamEvents } from '@contrail/contracts'
import { alertKey, ENDED, positionKey } from './model.ts'
import type { Model } from './model.ts'

export const ORDERS_MAX = 200
/** As many as REST tells at once. */
export const OPEN_ORDERS_MAX = 500
export const FILLS_MAX = 1_000
const EQUITY_MAX = 5_000
export const ALERTS_MAX = 200

/** The model after one event of the stream. Repeats and late answers change nothing. */
export function reduce<N extends StreamEventName>(model: Model, name: N, data: StreamEvents[N]): Model {
  const step = steps[name] as ((model: Model, data: StreamEvents[N]) => Model) | undefined
  return step ? step(model, data) : model
}

const steps: { [N in StreamEventName]?: (model: Model, data: StreamEvents[N]) => Model } = {
  hello: (model) => ({ ...model, positions: model.positions ?? {} }),
  tick(model, tick) {
    const key = `${tick.venue}.${tick.instrument}`
    const open = model.prices[key]?.open ?? tick.open
    return { ...model, prices: { ...model.prices, [key]: { price: tick.price, open } } }
  },
  report: (model, report) => ({
    ...model,
    orders: mergeOrders(model.orders ?? [], [orderOf(report, model.orders)]),
    fills: report.fill ? mergeFills(model.fills ?? [], [fillOf(report)]) : model.fills,
  }),
  decision(model, decision) {
    const known = model.decisions[decision.strategy]
    if (known && known.number >= decision.number && known.epoch >= decision.epoch) return model
    return { ...model, decisions: { ...model.decisions, [decision.strategy]: decision } }
  },
  strategy: (model, event) => ({
    ...model,
    strategies: model.strategies?.map((card) =>
      card.strategy === event.strategy && event.event !== 'checkpointed'
        ? { ...card, actual: event.event, detail: event.detail, decisions: Math.max(card.decisions, event.number) }
        : card,
    ),
  }),
  position: (model, position) => ({
    ...model,
    positions: { ...model.positions, [positionKey(position)]: position },
  }),
  halt(model, halt) {
    if ('reason' in halt) return { ...model, halts: { ...model.halts, [halt.scope]: halt } }
    const { [halt.scope]: _gone, ...halts } = model.halts
    return { ...model, halts }
  },
  alert: (model, alert) => ({ ...model, alerts: mergeAlerts(model.alerts, [alert]) }),
  feed: (model, feed) => ({ ...model, feeds: { ...model.feeds, [`${feed.venue}.${feed.instrument}`]: feed } }),
  equity(model, point) {
    const last = model.equity?.at(-1)
    if (!model.equity || (last && last.atUs >= point.atUs)) return model
    return { ...model, equity: [...model.equity, point].slice(-EQUITY_MAX) }
  },
  status: (model, status) => ({ ...model, status }),
}

/** Newest first; of two states of one order the later one stays. What may still fill stays, however old it is. */
export function mergeOrders(known: readonly OrderView[], more: readonly OrderView[]): OrderView[] {
  const byId = new Map(known.map((order) => [order.orderId, order]))
  for (const order of more) {
    const old = byId.get(order.orderId)
    if (!old || order.updatedUs >= old.updatedUs) byId.set(order.orderId, order)
  }
  const sorted = [...byId.values()].sort((a, b) => b.createdUs - a.createdUs || compare(b.orderId, a.orderId))
  return [...sorted.slice(0, ORDERS_MAX), ...sorted.slice(ORDERS_MAX).filter(isOpen).slice(0, OPEN_ORDERS_MAX)]
}

const isOpen = ({ status }: OrderView): boolean => !ENDED.has(status)

/** With the answers of REST. What was open when they were asked for and is in neither has ended meanwhile. */
export function answeredOrders(
  known: readonly OrderView[],
  asked: readonly OrderView[],
  answers: { recent: readonly OrderView[]; open: readonly OrderView[] },
): OrderView[] {
  const told = [...answers.recent, ...answers.open]
  const names = new Set(told.map(({ orderId }) => orderId))
  const ended = new Set(asked.filter((order) => isOpen(order) && !names.has(order.orderId)))
  return mergeOrders(
    known.filter((order) => !ended.has(order)),
    told,
  )
}

/** Newest first; the venue's trade id says which ones are the same. */
export function mergeFills(known: readonly FillView[], more: readonly FillView[]): FillView[] {
  const key = (fill: FillView) => `${fill.venue} ${fill.account} ${fill.orderId} ${fill.tradeId}`
  const byKey = new Map([...known, ...more].map((fill) => [key(fill), fill]))
  return [...byKey.values()].sort((a, b) => b.atUs - a.atUs || compare(key(b), key(a))).slice(0, FILLS_MAX)
}

/** Newest first, each once. */
export function mergeAlerts(known: readonly AlertView[], more: readonly AlertView[]): AlertView[] {
  const byKey = new Map([...known, ...more].map((alert) => [alertKey(alert), alert]))
  return [...byKey.values()].sort((a, b) => b.atUs - a.atUs || b.sequence - a.sequence).slice(0, ALERTS_MAX)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A report as a row of the blotter. The average price comes with the next answer of REST. */
function orderOf(report: StreamEvents['report'], known: readonly OrderView[] | undefined): OrderView {
  const old = known?.find((order) => order.orderId === report.orderId)
  const { orderId, account, strategy, venue, instrument, side, orderType, quantity, status } = report
  return {
    orderId,
    account,
    strategy,
    venue,
    instrument,
    side,
    orderType,
    quantity,
    status,
    clOrdId: report.clOrdId ?? old?.clOrdId ?? null,
    price: report.price ?? old?.price ?? null,
    stopPrice: report.stopPrice ?? old?.stopPrice ?? null,
    timeInForce: old?.timeInForce ?? 'GTC',
    cumQuantity: report.cumQuantity,
    leavesQuantity: report.leavesQuantity,
    averagePrice: old?.averagePrice ?? report.fill?.price ?? null,
    reason: report.reason ?? old?.reason ?? null,
    createdUs: old?.createdUs ?? report.atUs,
    updatedUs: report.atUs,
  }
}

function fillOf(report: StreamEvents['report']): FillView {
  const { orderId, account, strategy, venue, instrument, side, atUs } = report
  return {
    ...(report.fill as NonNullable<StreamEvents['report']['fill']>),
    orderId,
    account,
    strategy,
    venue,
    instrument,
    side,
    atUs,
  }
}
