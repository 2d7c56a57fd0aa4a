import type { PositionView } from '@contrail/contracts'
import { choose } from './live.ts'
import { money, placesOf, price, quantity, toneOf } from './format.ts'
import { positionKey } from './model.ts'
import { Empty, Loading, Panel } from './panel.tsx'
import { useModel } from './store.ts'

export function Positions() {
  const positions = useModel((model) => model.positions)
  const rows = Object.values(positions ?? {}).sort(
    (a, b) => Number(isFlat(a)) - Number(isFlat(b)) || (positionKey(a) < positionKey(b) ? -1 : 1),
  )
  const open = rows.filter((row) => !isFlat(row)).length
  return (
    <Panel id="positions" title="Positions" className="positions" tools={<span className="count">{open} open</span>}>
      {positions === undefined ? <Loading /> : rows.length === 0 ? <NoPositions /> : <Table rows={rows} />}
    </Panel>
  )
}

const isFlat = (position: PositionView): boolean => !/[1-9]/.test(position.quantity)

function NoPositions() {
  return (
    <Empty title="No position yet">
      A position appears with the first fill. Running strategies wait for their signal; their cards say what they last
      looked at.
    </Empty>
  )
}

function Table({ rows }: { rows: PositionView[] }) {
  return (
    <div className="scroll">
      <table className="cards holdings">
        <thead>
          <tr>
            <th>Instrument</th>
            <th>Strategy</th>
            <th className="number">Quantity</th>
            <th className="number">Average</th>
            <th className="number">Mark</th>
            <th className="number">Unrealised</th>
            <th className="number">Realised</th>
            <th className="number">Fees</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={positionKey(row)} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ row }: { row: PositionView }) {
  const step = useModel(
    (model) => model.instruments?.find((one) => one.venue === row.venue && one.instrument === row.instrument)?.tickSize,
  )
  const places = placesOf(step)
  const flat = isFlat(row)
  const side = flat ? 'flat' : row.quantity.startsWith('-') ? 'short' : 'long'
  return (
    <tr
      className={flat ? 'dim' : ''}
      data-testid="position"
      data-instrument={row.instrument}
      data-strategy={row.strategy}
      data-quantity={row.quantity}
    >
      <td className="name">
        <button
          type="button"
          className="link"
          onClick={() => choose({ venue: row.venue, instrument: row.instrument })}
          aria-label={`Show the chart of ${row.instrument}`}
        >
          {row.instrument}
        </button>
        <span className={`tag ${side}`}>{side}</span>
      </td>
      <td data-label="Strategy">{row.strategy}</td>
      <td data-label="Quantity" className="number">
        {quantity(row.quantity)}
      </td>
      <td data-label="Average" className="number">
        {flat ? '–' : price(row.averagePrice, places)}
      </td>
      <td data-label="Mark" className="number">
        {price(row.mark, places)}
      </td>
      <td data-label="Unrealised" className={`number strong unrealised ${toneOf(row.unrealised)}`}>
        {row.unrealised === null ? '–' : money(row.unrealised, 2, { sign: true })}
      </td>
      <td data-label="Realised" className={`number ${toneOf(row.realised)}`}>
        {money(row.realised, 2, { sign: true })}
      </td>
      <td data-label="Fees" className="number">
        {money(row.fees)}
      </td>
    </tr>
  )
}
