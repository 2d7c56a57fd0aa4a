import { openStore } from '@contrail/data'
import type { Database } from '@contrail/db'
import type { ServiceContext } from '@contrail/runtime'
import { copyToStore } from './columns.ts'

/** Copies what was recorded into the columnar store now and then, until it is stopped; a failure is tried again. */
export function keepCopying(directory: string, everyMs: number, { clock, log }: ServiceContext, database: Database) {
  const store = openStore(directory)
  let timer: { cancel(): void } | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  const run = async (): Promise<void> => {
    try {
      const copied = await copyToStore(database.sql, store, clock.nowUs())
      if (copied.ticks + copied.candles > 0) log.info(copied, 'recorded data copied to the store')
    } catch (error) {
      log.warn({ err: error }, 'recorded data was not copied to the store; it is tried again')
    }
  }
  const turn = (): void => {
    if (stopped) return
    timer = clock.setTimer(everyMs, () => {
      running = run()
      void running.finally(turn)
    })
  }
  turn()
  return async (): Promise<void> => {
    stopped = true
    timer?.cancel()
    await running
  }
}
