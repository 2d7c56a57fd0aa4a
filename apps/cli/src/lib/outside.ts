import { existsSync, statfsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { connection, home, root } from './home.ts'

/* What is known of the platform without asking it. */

const CONNECT_MS_MAX = 2_000

export function diskFreeBytes(): number {
  const { bavail, bsize } = statfsSync(existsSync(home()) ? home() : root)
  return bavail * bsize
}

export const wasStarted = (): boolean => existsSync(path.join(home(), 'connections.json'))

/** Does the bus take connections? */
export function busAccepts(): Promise<boolean> {
  const { port } = new URL(connection('operatorNatsUrl'))
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), '127.0.0.1')
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('slow')))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
