import { equityPoint } from '@contrail/contracts'
import type { StatusView } from '@contrail/contracts'
import type { Bus, Clock } from '@contrail/runtime'
import { z } from 'zod'
import type { Poll } from './stream/server.ts'
import { eventOf } from './stream/topics.ts'
import { SERVICES } from './upstream.ts'
import type { Upstream } from './upstream.ts'

export type StatusOptions = {
  upstream: Upstream
  bus: Bus
  clock: Clock
  halts: () => { scope: string; state: 'active' | 'reducing' | 'halted'; reason: string }[]
  version: string
}

/** How everything is, asked anew. */
export function createStatus({ upstream, bus, clock, halts, version }: StatusOptions): () => Promise<StatusView> {
  return async () => {
    const services = await Promise.all(
      SERVICES.map(async (name) => {
        const reasons = await upstream.ready(name)
        const state = reasons === undefined ? 'away' : reasons.length === 0 ? 'ready' : 'not_ready'
        return { name, ready: state === 'ready', state, reasons: reasons ?? ['no answer'] } as const
      }),
    )
    const current = halts().filter(({ state }) => state !== 'active')
    return {
      version,
      nowUs: clock.nowUs(),
      bus: bus.connected ? 'connected' : 'disconnected',
      services: services.map((service) => ({ ...service, reasons: [...service.reasons] })),
      halts: current,
      tradingState: current.find(({ scope }) => scope === 'platform')?.state ?? 'active',
    }
  }
}

export const statusPoll = (status: () => Promise<StatusView>): Poll => ({
  everyMs: 5_000,
  async events() {
    const { nowUs: _now, ...rest } = await status()
    return [eventOf('status', rest, { key: 'status' })]
  },
})

const points = z.object({ items: z.array(equityPoint) })

/** The newest equity point, while somebody looks. */
export const equityPoll = (upstream: Upstream, account: string): Poll => ({
  everyMs: 2_000,
  async events() {
    const { items } = points.parse(await upstream.call('portfolio', '/equity', { query: { account, limit: 1 } }))
    return items.map((point) => eventOf('equity', point, { key: `equity.${point.account}` }))
  },
})
