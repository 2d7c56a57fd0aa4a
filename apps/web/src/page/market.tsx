import { LIVE_TIMEFRAMES } from '@contrail/contracts'
import { Chart } from './chart.tsx'
import { placesOf, price } from './format.ts'
import { choose } from './live.ts'
import type { Market } from './model.ts'
import { Loading } from './panel.tsx'
import { useModel } from './store.ts'

export function MarketPanel() {
  const market = useModel((model) => model.market)
  return (
    <section id="market" className="panel market" aria-label="Market">
      <div className="market-head">
        <Instruments market={market} />
        <div className="segments" role="group" aria-label="Timeframe">
          {LIVE_TIMEFRAMES.map((timeframe) => (
            <button
              key={timeframe}
              type="button"
              aria-pressed={market?.timeframe === timeframe}
              onClick={() => choose({ timeframe })}
            >
              {timeframe}
            </button>
          ))}
        </div>
      </div>
      {market ? <Chart key={Object.values(market).join('/')} market={market} /> : <Loading rows={8} />}
    </section>
  )
}

function Instruments({ market }: { market: Market | undefined }) {
  const instruments = useModel((model) => model.instruments)
  const prices = useModel((model) => model.prices)
  return (
    <div className="instruments" role="group" aria-label="Instrument">
      {instruments?.map(({ venue, instrument, tickSize }) => {
        const known = prices[`${venue}.${instrument}`]
        const tone = known ? (known.price > known.open ? 'up' : known.price < known.open ? 'down' : 'flat') : 'flat'
        const chosen = market?.venue === venue && market.instrument === instrument
        return (
          <button
            key={`${venue}.${instrument}`}
            type="button"
            aria-pressed={chosen}
            onClick={() => choose({ venue, instrument })}
          >
            <span>{instrument}</span>
            <b className={tone}>{known ? price(known.price, placesOf(tickSize)) : '–'}</b>
          </button>
        )
      })}
    </div>
  )
}
