import { readFileSync } from 'node:fs'
import type { Platform } from './start.ts'

/** What a first visitor sees: three worked strategies on the synthetic market, deployed through the public door. */
const DEMO = [
  {
    strategy: 'demo-cross',
    definition: 'sma-cross',
    parameters: { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1s', fast: 5, slow: 20, quantity: 0.01 },
  },
  {
    strategy: 'demo-reversion',
    definition: 'rsi-reversion',
    parameters: { venue: 'sim', instrument: 'ETH-USDT', timeframe: '1s', quantity: 0.2 },
  },
  { strategy: 'demo-spread', definition: 'pair-spread', parameters: { venue: 'sim', timeframe: '1s' } },
]

export async function deployDemo(platform: Platform): Promise<string[]> {
  const token = readFileSync(platform.tokenFile, 'utf8')
  const call = (path: string, init?: RequestInit) =>
    fetch(`${platform.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
  const { items } = (await (await call('/v1/strategies')).json()) as { items: { strategy: string }[] }
  if (items.length > 0) return items.map(({ strategy }) => strategy)
  for (const body of DEMO) {
    const answer = await call('/v1/strategies', { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`the demo strategy ${body.strategy} was refused: ${await answer.text()}`)
  }
  return DEMO.map(({ strategy }) => strategy)
}
