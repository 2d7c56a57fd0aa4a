import { useEffect, useRef, useState } from 'react'
import type { ExplainView } from '@contrail/contracts'
import { explain, get } from './api.ts'
import { noted, price, quantity, reasonWords, timeOf, words } from './format.ts'
import { Loading } from './panel.tsx'
import { update, useModel } from './store.ts'

/** From an order to what led to it: decision, checks, attempts, reports. */
export function Explain() {
  const orderId = useModel((model) => model.explaining)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (orderId !== undefined && !dialog.current?.open) dialog.current?.showModal()
  }, [orderId])
  const forget = () => update((model) => ({ ...model, explaining: undefined }))
  return (
    <dialog ref={dialog} className="sheet wide" onClose={forget} aria-labelledby="explain-title">
      <div className="sheet-head">
        <h2 id="explain-title">Why {orderId}?</h2>
        <button type="button" className="quiet small" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      {orderId === undefined ? null : <Story key={orderId} orderId={orderId} />}
    </dialog>
  )
}

function Story({ orderId }: { orderId: string }) {
  const [story, setStory] = useState<ExplainView | string | undefined>()
  useEffect(() => {
    let gone = false
    const settle = (value: ExplainView | string) => {
      if (!gone) setStory(value)
    }
    get<ExplainView>(`/v1/orders/${orderId}/explain`).then(settle, (error: unknown) => settle(explain(error)))
    return () => {
      gone = true
    }
  }, [orderId])
  if (story === undefined) return <Loading rows={6} />
  if (typeof story === 'string') return <p className="why bad">{story}</p>
  return (
    <div className="story" data-testid="explain">
      <Decision decision={story.decision} />
      <h3>Risk checks</h3>
      <ul className="checks">
        {story.checks.map((check, index) => (
          <li key={index} className={check.passed ? 'passed' : 'failed'}>
            <b>{check.control}</b> {check.found} <span className="muted">limit {check.limit}</span>
          </li>
        ))}
        {story.checks.length === 0 ? <li className="muted">None were recorded.</li> : null}
      </ul>
      <h3>What happened</h3>
      {story.attempts.length + story.reports.length === 0 ? <p>Nothing was reported yet.</p> : null}
      <ol className="timeline">
        {story.attempts.map((attempt) => (
          <li key={`a${attempt.attempt}`}>
            <time>{timeOf(attempt.atUs)}</time> attempt {attempt.attempt} as <code>{attempt.clOrdId}</code>:{' '}
            {words(attempt.state)}
          </li>
        ))}
        {story.reports.map((report) => (
          <li key={report.reportId}>
            <time>{timeOf(report.atUs)}</time> {words(report.type)}
            {report.type === 'accepted' && report.venueOrderId ? ` by the venue as ${report.venueOrderId}` : ''}
            {report.fill ? ` ${quantity(report.fill.quantity)} at ${price(report.fill.price, 2)}` : ''}
            {report.reason ? `: ${reasonWords(report.reason)}` : ''}
          </li>
        ))}
      </ol>
    </div>
  )
}

function Decision({ decision }: { decision: unknown }) {
  const known = decision as { number?: number; reasons?: Record<string, unknown>; by?: string; cause?: unknown } | null
  const reasons = Object.entries(known?.reasons ?? {})
  return (
    <>
      <h3>{known?.by ? `Ordered by ${known.by}` : `Decision ${known?.number ?? ''}`}</h3>
      {reasons.length > 0 ? (
        <dl className="chips">
          {reasons.map(([name, value]) => (
            <div key={name}>
              <dt>{words(name)}</dt>
              <dd>{noted(value)}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className="muted">No reasons were noted.</p>
      )}
    </>
  )
}
