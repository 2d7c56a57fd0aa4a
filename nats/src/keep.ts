import { applyStreams, connectAdmin } from './apply.ts'
import type { ApplyOptions } from './apply.ts'

export type Keeper = { stop(): Promise<void> }

/**
 * Applies now, and again whenever the server comes back. A stream in memory (MD) is gone after a restart of the server;
 * without this nothing would store a tick until somebody noticed.
 */
export async function keepStreams(
  url: string,
  options: ApplyOptions & { onError?: (error: unknown) => void; onApplied?: () => void } = {},
): Promise<Keeper> {
  const connection = await connectAdmin(url, { keep: true })
  await applyStreams(connection, options)
  options.onApplied?.()
  void watch()
  async function watch(): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== 'reconnect') continue
      try {
        await applyStreams(connection, options)
        options.onApplied?.()
      } catch (error) {
        options.onError?.(error)
      }
    }
  }
  return { stop: () => connection.close() }
}
