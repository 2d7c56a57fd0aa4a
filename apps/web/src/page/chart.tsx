import { useEffect, useRef, useState } from 'react'
import type { CandleView } from '@contrail/contracts'
import { startChart } from './chart-controller.ts'
import type { ChartSummary } from './chart-controller.ts'
import { placesOf, price, timeOf } from './format.ts'
import type { Market } from './model.ts'
import { Empty, Loading } from './panel.tsx'
import { useModel } from './store.ts'

/** How many bars the table behind the chart lists. */
const TABLE_ROWS = 20

export function Chart({ market }: { market: Market }) {
  const canvas = useRef<HTMLDivElement>(null)
  const [summary, setSummary] = useState<ChartSummary | undefined>()
  const step = useModel(
    (model) =>
      model.instruments?.find((one) => one.venue === market.venue && one.instrument === market.instrument)?.tickSize,
  )
  useEffect(() => {
    if (!canvas.current) return undefined
    return startChart(canvas.current, market, placesOf(step), setSummary)
  }, [market, step])
  const places = placesOf(step)
  const last = summary?.bars.at(-1)
  return (
    <figure
      className="chart"
      data-testid="chart"
      data-state={summary?.state ?? 'loading'}
      data-bars={summary?.bars.length ?? 0}
      data-last-close={last?.close ?? ''}
      data-fill-markers={summary?.markers ?? 0}
      aria-label={`Candles of ${market.instrument}, ${market.timeframe}`}
    >
      <Legend bar={summary?.hovered ?? last} places={places} />
      <div ref={canvas} className="chart-canvas" aria-hidden="true" />
      {summary === undefined || summary.state === 'loading' ? <Loading rows={8} /> : null}
      {summary?.state === 'empty' ? (
        <Empty title="No trades seen yet">The first bar is drawn with the first trade of {market.instrument}.</Empty>
      ) : null}
      {summary?.state === 'failed' ? <Empty title="The bars cannot be loaded">{summary.detail}</Empty> : null}
      <BarTable bars={summary?.bars ?? []} places={places} market={market} />
    </figure>
  )
}

function Legend({ bar, places }: { bar: CandleView | undefined; places: number }) {
  if (!bar) return <figcaption className="legend" />
  const tone = bar.close >= bar.open ? 'up' : 'down'
  const values: [string, number][] = [
    ['O', bar.open],
    ['H', bar.high],
    ['L', bar.low],
    ['C', bar.close],
  ]
  return (
    <figcaption className="legend">
      {values.map(([name, value]) => (
        <span key={name}>
          {name} <b className={tone}>{price(value, places)}</b>
        </span>
      ))}
      <span>
        Vol <b>{bar.volume.toLocaleString('en', { maximumFractionDigits: 3 })}</b>
      </span>
    </figcaption>
  )
}

/** The same for those who do not see the canvas. */
function BarTable({ bars, places, market }: { bars: readonly CandleView[]; places: number; market: Market }) {
  return (
    // A box around it: a table is as wide as its words, whatever width it is given.
    <div className="hidden">
      <table>
        <caption>
          Last bars of {market.instrument}, {market.timeframe}
        </caption>
        <thead>
          <tr>
            <th>Time</th>
            <th>Open</th>
            <th>High</th>
            <th>Low</th>
            <th>Close</th>
          </tr>
        </thead>
        <tbody>
          {bars.slice(-TABLE_ROWS).map((bar) => (
            <tr key={bar.openTimeUs}>
              <td>{timeOf(bar.openTimeUs)}</td>
              <td>{price(bar.open, places)}</td>
              <td>{price(bar.high, places)}</td>
              <td>{price(bar.low, places)}</td>
              <td>{price(bar.close, places)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
