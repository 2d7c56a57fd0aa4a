import { timeOf } from './format.ts'
import { useModel } from './store.ts'

/** Whatever is halted is said on top of everything, with who and why. */
export function HaltBanner() {
  const halts = useModel((model) => model.halts)
  const active = Object.values(halts).filter(({ state }) => state !== 'active')
  if (active.length === 0) return null
  return (
    <div className="banner" role="alert" data-testid="halt-banner">
      {active.map((halt) => (
        <p key={halt.scope}>
          <b>
            {halt.scope === 'platform' ? 'The whole platform' : halt.scope.replace('.', ' ')} is{' '}
            {halt.state === 'halted' ? 'halted' : 'reducing only'}
          </b>{' '}
          {halt.reason} · {halt.by}, {timeOf(halt.atUs)}
        </p>
      ))}
    </div>
  )
}
