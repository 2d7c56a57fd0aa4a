import { statfsSync } from 'node:fs'
import type { Child } from './child.ts'

const LOOK_MS = 10_000
/** With less the next write fails as the last one did. */
const FREE_BYTES_MIN = 50_000_000

/**
 * A nats-server whose disk was full goes on refusing writes to the streams that met it, also when there is space again:
 * only a new start ends that. So it is stopped once there is space, and whoever watches it starts it again.
 */
export function stopWhenStuck(
  child: Pick<Child, 'ended' | 'stop'>,
  options: { monitorUrl: string; folder: string; say: (line: string) => void; lookMs?: number },
): void {
  const { monitorUrl, folder, say } = options
  let isEnding = false
  const look = async (): Promise<void> => {
    if (isEnding || !(await refusesWrites(monitorUrl)) || isEnding) return
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < FREE_BYTES_MIN) return
    isEnding = true
    say('nats refuses writes since the disk was full, and there is space again: it is started anew')
    await child.stop()
  }
  const timer = setInterval(() => void look(), options.lookMs ?? LOOK_MS)
  timer.unref()
  void child.ended.then(() => {
    isEnding = true
    clearInterval(timer)
  })
}

async function refusesWrites(monitorUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(2_000) })
    return !answer.ok && /write error: .*no space left/.test(((await answer.json()) as { error?: string }).error ?? '')
  } catch {
    return false // it is on its way up or down
  }
}
