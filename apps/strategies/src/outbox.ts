import { encodeJson } from '@contrail/contracts'
import type { Bus, Clock, Logger } from '@contrail/runtime'
import type { Store } from './store.ts'

const BATCH_ROWS = 100
const RETRY_MS = 500

/**
 * Publishes what was committed, in the order of the commits. A row is marked after its message was acknowledged; a
 * crash in between publishes it again, which is harmless: a put of the same revision, a control with the same id.
 */
export function createOutbox(store: Store, bus: Bus, clock: Clock, log: Logger) {
  let pumping: Promise<void> | undefined
  let again = false
  let stopped = false
  let timer: { cancel(): void } | undefined

  async function pump(): Promise<void> {
    do {
      again = false
      const rows = await store.due(BATCH_ROWS)
      for (const row of rows) {
        const data = encodeJson(row.payload)
        if (row.kind === 'put') await (await bus.kv(row.target)).put(row.key as string, data)
        else await bus.publish(row.target, data, { messageId: `strategies-${row.id}` })
        await store.published(row.id, clock.nowUs())
      }
      if (rows.length === BATCH_ROWS) again = true
    } while (again && !stopped)
  }

  function poke(): Promise<void> {
    again = true
    if (stopped) return Promise.resolve()
    pumping ??= pump()
      .catch((error: unknown) => {
        log.warn({ err: error }, 'outbox: not published yet, trying again')
        timer = clock.setTimer(RETRY_MS, () => void poke())
      })
      .finally(() => {
        pumping = undefined
      })
    return pumping
  }

  return {
    poke,
    async stop() {
      stopped = true
      timer?.cancel()
      await pumping
    },
  }
}
export type Outbox = ReturnType<typeof createOutbox>
