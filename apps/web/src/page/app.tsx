import { AlertBanner } from './alerts.tsx'
import { EquityPanel } from './equity.tsx'
import { Explain } from './explain.tsx'
import { Header } from './header.tsx'
import { HealthStrip } from './health.tsx'
import { HaltBanner } from './halts.tsx'
import { MarketPanel } from './market.tsx'
import { Notices } from './notices.tsx'
import { Orders } from './orders.tsx'
import { Positions } from './positions.tsx'
import { SignIn } from './sign-in.tsx'
import { useModel } from './store.ts'
import { Strategies } from './strategies.tsx'

export function App() {
  const signedOut = useModel((model) => model.phase === 'signed_out')
  if (signedOut) return <SignIn />
  return (
    <>
      <a className="skip" href="#market">
        Skip to the chart
      </a>
      <Header />
      <HaltBanner />
      <AlertBanner />
      <main className="grid">
        <MarketPanel />
        <aside className="side">
          <EquityPanel />
          <Strategies />
        </aside>
        <Positions />
        <Orders />
      </main>
      <HealthStrip />
      <BottomNav />
      <Explain />
      <Notices />
    </>
  )
}

/** On a phone the thumb is at the bottom. */
function BottomNav() {
  const places = [
    ['market', 'Chart'],
    ['equity', 'Equity'],
    ['strategies', 'Strategies'],
    ['positions', 'Positions'],
    ['orders', 'Orders'],
  ] as const
  const go = (id: string) => (event: React.MouseEvent) => {
    event.preventDefault()
    document.getElementById(id)?.scrollIntoView({ behavior: 'smooth', block: 'start' })
  }
  return (
    <nav className="bottom-nav" aria-label="Sections">
      {places.map(([id, name]) => (
        <a key={id} href={`#${id}`} onClick={go(id)}>
          {name}
        </a>
      ))}
    </nav>
  )
}
