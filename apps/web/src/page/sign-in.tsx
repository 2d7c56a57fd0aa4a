import { useState } from 'react'
import { enter } from './live.ts'
import { Notices } from './notices.tsx'

export function SignIn() {
  const [token, setToken] = useState('')
  const [busy, setBusy] = useState(false)
  async function submit(event: React.FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    await enter(token.trim())
    setToken('')
    setBusy(false)
  }
  return (
    <main className="sign-in" data-testid="sign-in">
      <form className="panel" onSubmit={(event) => void submit(event)}>
        <h1>Contrail</h1>
        <p>
          Open the address that the first <code>npm start</code> printed, or the one that <code>npx contrail open</code>{' '}
          prints: it carries your token. Or paste the token here; this browser then stays signed in.
        </p>
        <label htmlFor="token">Admin token</label>
        <input
          id="token"
          type="password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          autoComplete="off"
          spellCheck={false}
          required
        />
        <button type="submit" className="solid" disabled={busy || token.trim() === ''}>
          Sign in
        </button>
      </form>
      <Notices />
    </main>
  )
}
