import { useEffect, useState } from 'react'
import { subtractDecimal } from '@contrail/contracts'
import { accountOf } from './account.ts'
import { Alerts } from './alerts.tsx'
import { age, money, percent, shortTime, timeOf, toneOf } from './format.ts'
import { KillSwitch } from './kill-switch.tsx'
import { useModel } from './store.ts'
import type { Phase } from './stream.ts'

export function Header() {
  return (
    <header className="top">
      <div className="brand">
        <Mark />
        <h1>Contrail</h1>
        <Account />
      </div>
      <Figures />
      <div className="top-right">
        <Connection />
        <Alerts />
        <KillSwitch />
      </div>
    </header>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" className="mark">
      <path d="M4 26 C12 23 18 16 26 6" className="mark-a" />
      <path d="M10 28 C17 24 23 18 28 10" className="mark-b" />
      <circle cx="26" cy="6" r="2.8" />
    </svg>
  )
}

function Account() {
  const account = useModel((model) => model.equity?.at(-1)?.account ?? 'paper')
  return <span className="chip">{account}</span>
}

function Figures() {
  const points = useModel((model) => model.equity)
  const positions = useModel((model) => model.positions)
  const pnl = useModel((model) => model.pnl)
  const last = points?.at(-1)
  const first = points?.[0]
  const { open, realised, fees, equity } = accountOf({ positions, pnl }, last)
  const now = equity ?? last?.equity
  const change = now && first ? subtractDecimal(now, first.equity) : undefined
  const share = change && first ? percent(change, first.equity) : undefined
  return (
    <dl className="figures">
      <div>
        <dt>{equity === undefined && last ? `Equity at ${timeOf(last.atUs)}` : 'Equity'}</dt>
        <dd data-testid="equity-value">
          {now ? money(now) : '–'} <small>{last?.currency}</small>
        </dd>
      </div>
      <Figure
        name={first ? `Since ${shortTime(first.atUs, (last?.atUs ?? 0) - first.atUs)}` : 'Change'}
        value={change}
        note={share}
      />
      <Figure name="Open P&L" value={open} />
      <Figure name="Realised" value={realised} />
      <Figure name="Fees" value={fees} plain />
    </dl>
  )
}

type FigureProps = { name: string; value: string | undefined; note?: string | undefined; plain?: boolean }
function Figure({ name, value, note, plain }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={plain ? '' : toneOf(value)}>
        {value === undefined ? '–' : money(value, 2, plain ? {} : { sign: true })} {note ? <small>{note}</small> : null}
      </dd>
    </div>
  )
}

const PHASES: Readonly<Record<Phase, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  stale: 'Stale',
  offline: 'Offline, retrying',
  signed_out: 'Signed out',
}

/** Honest: how the link is, and how old the last thing is that came over it. */
function Connection() {
  const phase = useModel((model) => model.phase)
  const marketMs = useModel((model) => model.marketMs)
  const nowMs = useNow(500)
  const old = marketMs === undefined ? undefined : nowMs - marketMs
  return (
    <div className={`connection ${phase}`} data-testid="connection" data-phase={phase} role="status">
      <i aria-hidden="true" />
      <span>
        <b>{PHASES[phase]}</b>
        <small>{old === undefined ? 'no market data yet' : `market ${age(old)} ago`}</small>
      </span>
    </div>
  )
}

export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
