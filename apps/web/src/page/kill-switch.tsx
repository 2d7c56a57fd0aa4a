import { useRef, useState } from 'react'
import { explain, send } from './api.ts'
import { notify, useModel } from './store.ts'

type State = 'active' | 'halted'
type Answer = { cancelled?: { asked: number; open: number } }

/** Stops all new orders, everywhere. Two steps: the button, then a reason. */
export function KillSwitch() {
  const dialog = useRef<HTMLDialogElement>(null)
  const state = useModel((model) => model.halts['platform']?.state ?? 'active')
  const halted = state !== 'active'
  return (
    <>
      <button
        type="button"
        className={halted ? 'kill resume' : 'kill'}
        data-testid="kill-switch"
        data-state={state}
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        {halted ? 'Resume trading' : 'Halt trading'}
      </button>
      <dialog ref={dialog} className="sheet" aria-labelledby="kill-title">
        <Confirm halted={halted} close={() => dialog.current?.close()} />
      </dialog>
    </>
  )
}

function Confirm({ halted, close }: { halted: boolean; close: () => void }) {
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const target: State = halted ? 'active' : 'halted'
  async function submit(event: React.FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    try {
      const answer = await send<Answer>('POST', '/v1/halts', {
        scope: 'platform',
        state: target,
        reason: reason.trim(),
      })
      notify('good', halted ? 'Trading may go on.' : said(answer))
      setReason('')
      close()
    } catch (error) {
      notify('bad', explain(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2 id="kill-title">
        {halted ? 'Resume trading on the whole platform?' : 'Halt trading on the whole platform?'}
      </h2>
      <p>
        {halted
          ? 'Strategies may send orders again at their next decision.'
          : 'No new order leaves, whatever a strategy decides, and open orders are cancelled. Positions stay as they are.'}
      </p>
      <label htmlFor="kill-reason">Reason (kept in the record)</label>
      <input
        id="kill-reason"
        data-testid="kill-reason"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        minLength={3}
        maxLength={200}
        required
        autoComplete="off"
        placeholder={halted ? 'e.g. checked, all is well' : 'e.g. feed looks wrong'}
      />
      <div className="sheet-actions">
        <button type="button" className="quiet" onClick={close}>
          Leave it as it is
        </button>
        <button
          type="submit"
          className={halted ? 'solid' : 'solid danger'}
          data-testid="kill-confirm"
          disabled={busy || reason.trim().length < 3}
        >
          {halted ? 'Resume' : 'Halt now'}
        </button>
      </div>
    </form>
  )
}

/** The acknowledgement: what was asked of the venues, and what they still hold. */
function said({ cancelled }: Answer): string {
  if (!cancelled || cancelled.asked === 0) return 'Trading is halted: no new order leaves. No order was open.'
  const rest = cancelled.open === 0 ? 'none is left open' : `${cancelled.open} still open at the venue`
  return `Trading is halted: no new order leaves. ${cancelled.asked} open orders cancelled, ${rest}.`
}
