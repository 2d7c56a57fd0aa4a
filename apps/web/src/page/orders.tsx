import { useState } from 'react'

import type { FillView, OrderView } from '@contrail/contracts'
import { explain, send } from './api.ts'
import { money, placesOf, price, quantity, reasonWords, timeOf, words } from './format.ts'
import { ENDED } from './model.ts'
import { Empty, Loading, Panel } from './panel.tsx'
import { notify, update, useModel } from './store.ts'

type View = 'orders' | 'open' | 'fills'
/** Of what has been. What may still fill is always shown whole. */
const ROWS_MAX = 100

export function Orders() {
  const [view, setView] = useState<View>('orders')
  const orders = useModel((model) => model.orders)
  const fills = useModel((model) => model.fills)
  const open = orders?.filter((order) => !ENDED.has(order.status)) ?? []
  const names: [View, string, number | undefined][] = [
    ['orders', 'All', undefined],
    ['open', 'Open', open.length],
    ['fills', 'Fills', undefined],
  ]
  const tabs = (
    <div className="segments" role="group" aria-label="What to show">
      {names.map(([key, name, count]) => (
        <button key={key} type="button" aria-pressed={view === key} onClick={() => setView(key)}>
          {name} {count ? <span className="count">{count}</span> : null}
        </button>
      ))}
    </div>
  )
  return (
    <Panel id="orders" title="Orders" className="orders" tools={tabs}>
      {view === 'fills' ? (
        <Fills fills={fills} />
      ) : (
        <Blotter orders={view === 'open' ? orders && open : orders} view={view} />
      )}
    </Panel>
  )
}

function Blotter({ orders, view }: { orders: readonly OrderView[] | undefined; view: View }) {
  if (orders === undefined) return <Loading rows={4} />
  if (orders.length === 0)
    return view === 'open' ? (
      <Empty title="Nothing is resting at a venue">Market orders fill at once and appear under “All”.</Empty>
    ) : (
      <Empty title="No orders yet">
        The demo strategy waits for its averages to cross. Its first order appears here by itself.
      </Empty>
    )
  return (
    <div className="scroll">
      <table className="cards blotter">
        <thead>
          <tr>
            <th>Time</th>
            <th>Instrument</th>
            <th>Side</th>
            <th className="number">Quantity</th>
            <th className="number">Price</th>
            <th>Status</th>
            <th>Strategy</th>
            <th>
              <span className="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {(view === 'open' ? orders : orders.slice(0, ROWS_MAX)).map((order) => (
            <OrderRow key={order.orderId} order={order} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function OrderRow({ order }: { order: OrderView }) {
  const places = usePlaces(order)
  const show = () => update((model) => ({ ...model, explaining: order.orderId }))
  const partial = order.status !== 'filled' && /[1-9]/.test(order.cumQuantity)
  return (
    <tr data-testid="order" data-order-id={order.orderId} data-status={order.status} data-side={order.side}>
      <td className="time">{timeOf(order.createdUs)}</td>
      <td className="name">{order.instrument}</td>
      <td className="way">
        <span className={`tag ${order.side}`}>{order.side}</span>{' '}
        <span className="muted">{words(order.orderType)}</span>
      </td>
      <td className="number qty">
        {partial ? `${quantity(order.cumQuantity)} / ` : ''}
        {quantity(order.quantity)}
      </td>
      <td className="number price">
        {price(order.averagePrice ?? order.price ?? order.stopPrice, places)}
        {order.stopPrice && (order.averagePrice ?? order.price) ? (
          <span className="reason">trigger {price(order.stopPrice, places)}</span>
        ) : null}
      </td>
      <td className="status">
        <span className={`state ${order.status}`}>{words(order.status)}</span>
        {order.reason ? <span className="reason">{reasonWords(order.reason)}</span> : null}
      </td>
      <td className="strat">{order.strategy}</td>
      <td className="actions">
        <div>
          {ENDED.has(order.status) ? null : (
            <button type="button" className="quiet small" onClick={() => void cancel(order)}>
              Cancel
            </button>
          )}
          <button type="button" className="quiet small" onClick={show} aria-label={`Why order ${order.orderId}?`}>
            Why?
          </button>
        </div>
      </td>
    </tr>
  )
}

async function cancel(order: OrderView): Promise<void> {
  try {
    await send('DELETE', `/v1/orders/${order.orderId}`)
    notify('good', `Cancel of ${order.orderId} is asked for.`)
  } catch (error) {
    notify('bad', explain(error))
  }
}

function Fills({ fills }: { fills: readonly FillView[] | undefined }) {
  if (fills === undefined) return <Loading rows={4} />
  if (fills.length === 0)
    return <Empty title="No trades yet">Fills appear here the moment the venue reports them.</Empty>
  return (
    <div className="scroll">
      <table className="cards blotter">
        <thead>
          <tr>
            <th>Time</th>
            <th>Instrument</th>
            <th>Side</th>
            <th className="number">Quantity</th>
            <th className="number">Price</th>
            <th className="number">Fee</th>
            <th>Strategy</th>
          </tr>
        </thead>
        <tbody>
          {fills.slice(0, ROWS_MAX).map((fill) => (
            <FillRow key={`${fill.orderId} ${fill.tradeId}`} fill={fill} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function FillRow({ fill }: { fill: FillView }) {
  const places = usePlaces(fill)
  return (
    <tr data-testid="fill" data-side={fill.side}>
      <td className="time">{timeOf(fill.atUs)}</td>
      <td className="name">{fill.instrument}</td>
      <td className="way">
        <span className={`tag ${fill.side}`}>{fill.side}</span> <span className="muted">{fill.liquidity}</span>
      </td>
      <td className="number qty">{quantity(fill.quantity)}</td>
      <td className="number price">{price(fill.price, places)}</td>
      <td className="number fee">
        {money(fill.fee, 4)} <small>{fill.feeAsset}</small>
      </td>
      <td className="strat">{fill.strategy}</td>
    </tr>
  )
}

function usePlaces({ venue, instrument }: { venue: string; instrument: string }): number {
  return useModel((model) =>
    placesOf(model.instruments?.find((one) => one.venue === venue && one.instrument === instrument)?.tickSize),
  )
}
