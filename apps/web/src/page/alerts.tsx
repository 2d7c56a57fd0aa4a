import { useRef } from 'react'
import type { AlertView } from '@contrail/contracts'
import { timeOf, words } from './format.ts'
import { hide } from './hidden-alerts.ts'
import { alertKey } from './model.ts'
import { Empty } from './panel.tsx'
import { useModel } from './store.ts'

/** Of yesterday and before nothing is pressing: it stays in the list. */
const PRESSING_MS = 86_400_000
/** Lines of the banner; the rest is counted. */
const LINES_MAX = 3

/** Not hidden here and not older than a day. */
function usePressing(): AlertView[] {
  const alerts = useModel((model) => model.alerts)
  const hidden = useModel((model) => model.hidden)
  const sinceUs = (Date.now() - PRESSING_MS) * 1000
  return alerts.filter((alert) => alert.atUs > sinceUs && !hidden.has(alertKey(alert)))
}

/** Critical ones stand on top of everything until somebody says that they were seen. */
export function AlertBanner() {
  const critical = usePressing().filter(({ severity }) => severity === 'critical')
  if (critical.length === 0) return null
  const more = critical.length - LINES_MAX
  return (
    <div className="banner alerts" role="alert" data-testid="alert-banner">
      <ul>
        {critical.slice(0, LINES_MAX).map((alert) => (
          <li key={alertKey(alert)}>
            <Line alert={alert} />
            <Hide alerts={[alert]} name="Hide" />
          </li>
        ))}
      </ul>
      {more > 0 ? (
        <p>
          <span>and {more} more</span>
          <Hide alerts={critical} name={`Hide all ${critical.length}`} />
        </p>
      ) : null}
    </div>
  )
}

/** The button in the header: how many are new, and the list of all behind it. */
export function Alerts() {
  const dialog = useRef<HTMLDialogElement>(null)
  const pressing = usePressing()
  const worst = (['critical', 'warning', 'info'] as const).find((one) => pressing.some((a) => a.severity === one))
  return (
    <>
      <button
        type="button"
        className={`bell ${worst ?? ''}`}
        data-testid="alerts"
        data-new={pressing.length}
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        <Bell />
        <span>Alerts</span>
        {pressing.length > 0 ? <b>{pressing.length}</b> : null}
      </button>
      <dialog ref={dialog} className="sheet wide" aria-labelledby="alerts-title">
        <div className="sheet-head">
          <h2 id="alerts-title">Alerts</h2>
          <div className="sheet-tools">
            {pressing.length > 0 ? <Hide alerts={pressing} name="Hide all" /> : null}
            <button type="button" className="quiet small" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </div>
        </div>
        <List />
      </dialog>
    </>
  )
}

function Bell() {
  return (
    <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
      <path d="M3.5 11.5V7a4.5 4.5 0 0 1 9 0v4.5l1 1.2h-11zM6.6 14.4a1.5 1.5 0 0 0 2.8 0" />
    </svg>
  )
}

function List() {
  const alerts = useModel((model) => model.alerts)
  const hidden = useModel((model) => model.hidden)
  if (alerts.length === 0) return <Empty title="No alert">Nothing was found that a person should see.</Empty>
  return (
    <ul className="alert-list" data-testid="alert-list">
      {alerts.map((alert) => (
        <li
          key={alertKey(alert)}
          className={hidden.has(alertKey(alert)) ? 'dim' : ''}
          data-testid="alert"
          data-severity={alert.severity}
        >
          <Line alert={alert} />
          {hidden.has(alertKey(alert)) ? null : <Hide alerts={[alert]} name="Hide" />}
          <small>
            {alert.source}
            {Object.entries(alert.about).map(([name, value]) => ` · ${words(name)} ${value}`)}
          </small>
        </li>
      ))}
    </ul>
  )
}

function Line({ alert }: { alert: AlertView }) {
  return (
    <p>
      <b className={`severity ${alert.severity}`}>{alert.severity}</b> <time>{timeOf(alert.atUs)}</time>{' '}
      <span className="strong">{words(alert.kind)}</span> {alert.text}
    </p>
  )
}

function Hide({ alerts, name }: { alerts: readonly AlertView[]; name: string }) {
  const label = alerts.length === 1 ? `${name} alert of ${timeOf(alerts[0]?.atUs ?? 0)}` : name
  return (
    <button type="button" className="quiet small" aria-label={label} onClick={() => hide(alerts)}>
      {name}
    </button>
  )
}
