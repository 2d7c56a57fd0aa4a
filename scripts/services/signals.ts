/** npm passes on a Ctrl-C that the terminal has already delivered: two signals this close are one. */
const SAME_PRESS_MS = 700

/**
 * The first Ctrl-C (or SIGTERM, or the end of whoever started us) stops in order, the second kills.
 * `stop` decides the exit code by its result; `kill` must be quick and synchronous.
 */
export function stopOnSignal(options: { stop: (why: string) => Promise<number>; kill: () => void }): void {
  let firstAtMs: number | undefined
  const onSignal = (why: string): void => {
    const nowMs = performance.now()
    if (firstAtMs === undefined) {
      firstAtMs = nowMs
      options.stop(why).then(
        (code) => process.exit(code),
        (error: unknown) => {
          console.error(error)
          options.kill()
          process.exit(1)
        },
      )
      return
    }
    if (nowMs - firstAtMs < SAME_PRESS_MS) return
    options.kill()
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal))
  // boot.mjs holds the other end of this channel; when it is killed outright, this is all we hear of it.
  process.on('disconnect', () => onSignal('disconnect'))
  process.channel?.unref()
}
