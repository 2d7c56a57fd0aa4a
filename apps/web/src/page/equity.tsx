import { useEffect, useRef } from 'react'
import type { EquityPoint } from '@contrail/contracts'
import { palette, watchScheme } from './chart-look.ts'
import { money, shortTime, timeOf } from './format.ts'
import { Empty, Loading, Panel } from './panel.tsx'
import { read, subscribe, useModel } from './store.ts'

export function EquityPanel() {
  const equity = useModel((model) => model.equity)
  const last = equity?.at(-1)
  return (
    <Panel id="equity" title="Equity" tools={<span className="muted">{last ? `as of ${timeOf(last.atUs)}` : ''}</span>}>
      <div
        className="equity"
        data-testid="equity"
        data-points={equity?.length ?? 0}
        data-last-equity={last?.equity ?? ''}
      >
        {equity === undefined ? <Loading /> : equity.length < 2 ? <NoCurve /> : <Curve />}
      </div>
      {equity && last ? (
        <p className="hidden">
          {equity.length} points, the last one {money(last.equity)} {last.currency}
        </p>
      ) : null}
    </Panel>
  )
}

function NoCurve() {
  return <Empty title="No curve yet">A point is taken every few seconds once the account is valued.</Empty>
}

function Curve() {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => (place.current ? drawCurve(place.current) : undefined), [])
  return <div ref={place} className="curve" aria-hidden="true" />
}

/** Pixels only: what is booked or printed stays a decimal text. */
const series = (points: readonly EquityPoint[]): [number[], number[]] => [
  points.map((point) => point.atUs / 1e6),
  points.map((point) => Number(point.equity)),
]

function drawCurve(place: HTMLElement): () => void {
  const stops: (() => void)[] = []
  let stopped = false
  void import('uplot').then(({ default: Plot }) => {
    if (stopped) return
    let plot = make()
    function make() {
      return new Plot(options(place, Plot), series(read().equity ?? []), place)
    }
    let shown = read().equity
    const resize = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: place.clientHeight }))
    resize.observe(place)
    stops.push(
      () => plot.destroy(),
      () => resize.disconnect(),
      subscribe(() => {
        const now = read().equity
        if (now !== shown) plot.setData(series(now ?? []))
        shown = now
      }),
      watchScheme(() => {
        plot.destroy()
        plot = make()
      }),
    )
  })
  return () => {
    stopped = true
    for (const stop of stops.toReversed()) stop()
  }
}

function options(place: HTMLElement, Plot: typeof import('uplot')): import('uplot').Options {
  const look = palette()
  const axis = {
    stroke: look.text,
    grid: { stroke: look.grid, width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  }
  const values = (_: unknown, ticks: number[]) => {
    const steps = ticks.length > 1 ? Math.abs((ticks[1] as number) - (ticks[0] as number)) : 1
    const places = steps < 0.1 ? 2 : steps < 1 ? 1 : 0
    return ticks.map((tick) =>
      tick.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places }),
    )
  }
  const times = (_: unknown, ticks: number[]) => {
    const spanUs = ((ticks.at(-1) ?? 0) - (ticks[0] ?? 0)) * 1e6
    return ticks.map((tick) => shortTime(tick * 1e6, spanUs))
  }
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [12, 4, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 7 } },
    scales: { x: { time: true } },
    axes: [
      { ...axis, size: 28, values: times },
      { ...axis, side: 1, size: 64, values },
    ],
    series: [
      {},
      {
        stroke: look.accent,
        width: 1.75,
        points: { show: false },
        fill: (plot) => {
          const fade = plot.ctx.createLinearGradient(0, plot.bbox.top, 0, plot.bbox.top + plot.bbox.height)
          fade.addColorStop(0, `${look.accent}40`)
          fade.addColorStop(1, `${look.accent}00`)
          return fade
        },
        ...(Plot.paths.linear ? { paths: Plot.paths.linear() } : {}),
      },
    ],
  }
}
