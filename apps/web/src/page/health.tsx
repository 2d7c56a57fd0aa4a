import type { StreamEvents } from '@contrail/contracts'
import { words } from './format.ts'
import { useModel } from './store.ts'

/** Every part that could be away, in one line at the bottom. */
export function HealthStrip() {
  const status = useModel((model) => model.status)
  const feeds = useModel((model) => model.feeds)
  return (
    <footer className="health" aria-label="Health">
      <div className="lights">
        {status ? <Light name="bus" state={status.bus === 'connected' ? 'ready' : 'away'} /> : null}
        {status?.services.map(({ name, state, reasons }) => (
          <Light key={name} name={name} state={state} detail={reasons.join('; ')} />
        ))}
        {Object.values(feeds).map((feed) => (
          <Light
            key={`${feed.venue}.${feed.instrument}`}
            name={`${feed.venue} ${feed.instrument}`}
            state={lightOf(feed)}
            detail={feed.detail}
            said={feed.status === 'live' ? '' : feed.status}
          />
        ))}
      </div>
      <p>
        Charts by{' '}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView
        </a>
        {status ? ` · Contrail ${status.version}` : ''}
      </p>
    </footer>
  )
}

const lightOf = ({ status }: StreamEvents['feed']): 'ready' | 'not_ready' | 'away' =>
  status === 'live' || status === 'reconnected' ? 'ready' : status === 'ended' ? 'away' : 'not_ready'

type LightProps = { name: string; state: 'ready' | 'not_ready' | 'away'; detail?: string; said?: string }
function Light({ name, state, detail = '', said }: LightProps) {
  const text = said ?? (state === 'ready' ? '' : words(state))
  return (
    <span className={`light ${state}`} data-testid="health" data-name={name} data-state={state} title={detail}>
      <i aria-hidden="true" />
      {name}
      {text ? <b>{text}</b> : null}
      <span className="hidden">{state === 'ready' ? ' is well' : ` ${words(state)} ${detail}`}</span>
    </span>
  )
}
