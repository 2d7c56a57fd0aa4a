import type { StrategyView, StreamEvents } from '@contrail/contracts'
import { explain, send } from './api.ts'
import { noted, plain, price, quantity, timeOf, words } from './format.ts'
import { refreshStrategies } from './live.ts'
import { ENDED } from './model.ts'
import { Empty, Loading, Panel } from './panel.tsx'
import { notify, read, useModel } from './store.ts'

/** What it says of itself when it shall run and does not. */
const DOWN: ReadonlySet<string> = new Set(['halted', 'diverged', 'fenced', 'gap'])
const isDown = ({ desired, actual }: StrategyView): boolean =>
  desired === 'running' && (DOWN.has(actual) || actual === 'paused')
/** Of one decision on its card. */
const INTENTS_MAX = 4

export function Strategies() {
  const strategies = useModel((model) => model.strategies)
  const wanted = strategies?.filter(({ desired }) => desired === 'running') ?? []
  const down = wanted.filter(isDown).length
  return (
    <Panel
      id="strategies"
      title="Strategies"
      className="strategies"
      tools={
        <span className="count">
          {wanted.length - down} running{down > 0 ? `, ${down} down` : ''}
        </span>
      }
    >
      {strategies === undefined ? (
        <Loading rows={4} />
      ) : strategies.length === 0 ? (
        <Empty title="No strategy is deployed">
          Make one with <code>contrail new strategy</code>, then <code>contrail start</code>.
        </Empty>
      ) : (
        <ul className="strategy-list">
          {strategies.map((card) => (
            <Card key={card.strategy} card={card} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Card({ card }: { card: StrategyView }) {
  const decision = useModel((model) => model.decisions[card.strategy])
  return (
    <li className="strategy" data-testid="strategy" data-strategy={card.strategy} data-desired={card.desired}>
      <div className="strategy-head">
        <div>
          <h3>{card.strategy}</h3>
          <span className="muted">
            {card.definition} · revision {card.revision}
          </span>
        </div>
        <span className={`state ${card.desired} ${card.actual}`} title={card.detail}>
          {stateOf(card)}
        </span>
      </div>
      <Why decision={decision} card={card} />
      <Parameters parameters={card.parameters} />
      <Commands card={card} />
    </li>
  )
}

/** What is wanted and what it says of itself, in one word where they agree. */
function stateOf({ desired, actual }: StrategyView): string {
  const agrees =
    desired === 'running' &&
    ['started', 'activated', 'warmed_up', 'resumed', 'running', 'swapped', 'rolled_back'].includes(actual)
  if (agrees) return 'running'
  if (desired !== 'running' && actual === desired) return desired
  return actual === '' || actual === desired ? desired : words(actual)
}

/** The last decision with what it saw: why, or why not yet. */
function Why({ decision, card }: { decision: StreamEvents['decision'] | undefined; card: StrategyView }) {
  if (DOWN.has(card.actual) && card.detail !== '') return <p className="why bad">{card.detail}</p>
  if (!decision)
    return (
      <p className="why muted">
        {card.desired === 'running' ? 'No decision yet: it waits for its signal.' : 'Not running.'}
      </p>
    )
  const reasons = Object.entries(decision.reasons)
  return (
    <div className="why" data-testid="decision" data-number={decision.number}>
      <p>
        <b>{intentsOf(decision) || 'nothing to do'}</b>
        <small>
          decision {decision.number} · {timeOf(decision.atUs)}
        </small>
      </p>
      {reasons.length > 0 ? (
        <dl className="chips">
          {reasons.slice(0, 12).map(([name, value]) => (
            <div key={name}>
              <dt>{words(name)}</dt>
              <dd>{noted(value)}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </div>
  )
}

function intentsOf({ intents }: StreamEvents['decision']): string {
  const more = intents.length - INTENTS_MAX
  return intents.slice(0, INTENTS_MAX).map(said).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function said(intent: StreamEvents['decision']['intents'][number]): string {
  if (intent.type === 'place') {
    const at = intent.price === undefined ? '' : ` at ${price(intent.price, 8).replace(/\.?0+$/, '')}`
    return `${intent.side} ${quantity(intent.quantity)} ${intent.instrument}${at}`
  }
  return `${intent.type} ${intent.orderId}`
}

function Parameters({ parameters }: { parameters: Record<string, unknown> }) {
  const entries = Object.entries(parameters)
  if (entries.length === 0) return null
  return (
    <details className="parameters">
      <summary>Parameters</summary>
      <dl className="chips">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{plain(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

const COMMANDS = {
  running: [
    ['pause', 'Pause'],
    ['stop', 'Stop'],
  ],
  paused: [
    ['resume', 'Resume'],
    ['stop', 'Stop'],
  ],
  stopped: [['start', 'Start']],
} as const
/** A pause would change nothing; a start tries again from where it stands. */
const WHEN_DOWN = [
  ['start', 'Start again'],
  ['stop', 'Stop'],
] as const

/** Orders at a venue know nothing of a strategy that no longer listens. */
function sayResting(strategy: string): void {
  const resting = read().orders?.filter((order) => order.strategy === strategy && !ENDED.has(order.status)) ?? []
  if (resting.length > 0)
    notify('good', `${resting.length} of its orders may still fill: they are among the orders, under “Open”.`)
}

function Commands({ card }: { card: StrategyView }) {
  async function run(command: string): Promise<void> {
    try {
      await send('POST', `/v1/strategies/${card.strategy}/${command}`, { reason: 'by hand, on the page' })
      if (command === 'pause' || command === 'stop') sayResting(card.strategy)
      await refreshStrategies()
    } catch (error) {
      notify('bad', explain(error))
    }
  }
  const decisions = useModel((model) => Math.max(card.decisions, model.decisions[card.strategy]?.number ?? 0))
  return (
    <div className="commands">
      {(isDown(card) ? WHEN_DOWN : COMMANDS[card.desired]).map(([command, name]) => (
        <button
          key={command}
          type="button"
          className={command === 'start' || command === 'resume' ? 'solid small' : 'quiet small'}
          data-testid={`strategy-${command}`}
          aria-label={`${name} ${card.strategy}`}
          onClick={() => void run(command)}
        >
          {name}
        </button>
      ))}
      <span className="muted">
        {decisions.toLocaleString('en')} {decisions === 1 ? 'decision' : 'decisions'}
      </span>
    </div>
  )
}
