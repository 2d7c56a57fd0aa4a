import { haltSchema, Refusal } from '@contrail/contracts'
import type { Halt } from '@contrail/contracts'
import { post } from './client.ts'
import { connection } from './home.ts'

export type Halted = { scope: string; state: Halt['state']; reason: string; by: string; atUs: number; through: string }

/**
 * Through the gateway; and when that does not answer, straight into the bucket that orders watches: a kill switch works
 * when the door is stuck.
 */
export async function setHalt(scope: string, state: Halt['state'], reason: string): Promise<Halted> {
  try {
    return { ...(await post<Omit<Halted, 'through'>>('/v1/halts', { scope, state, reason })), through: 'gateway' }
  } catch (error) {
    if (!(error instanceof Refusal) || !['unavailable', 'timed_out'].includes(error.code)) throw error
    return await setDirectly(scope, state, reason)
  }
}

async function setDirectly(scope: string, state: Halt['state'], reason: string): Promise<Halted> {
  const { connectNats, systemClock } = await import('@contrail/runtime')
  const bus = await connectNats({ url: connection('operatorNatsUrl'), name: 'halt' })
  try {
    const halt = haltSchema.parse({ schema: 1, state, reason, by: 'operator', atUs: systemClock.nowUs() })
    await (await bus.kv('halts')).put(scope, new TextEncoder().encode(JSON.stringify(halt)))
    return { scope, state, reason, by: halt.by, atUs: halt.atUs, through: 'bus' }
  } finally {
    await bus.close()
  }
}
