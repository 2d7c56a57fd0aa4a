import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { join } from 'node:path'

export const LOOPBACK = '127.0.0.1'

/** Resolves false also for ports this user may not open. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: LOOPBACK }, () => server.close(() => resolve(true)))
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port: 0, host: LOOPBACK }, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

export function accepts(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host }, () => resolve((socket.destroy(), true)))
    socket.once('error', () => resolve(false))
  })
}

export type PortBook = { take(name: string): Promise<number> }

/** Ports by name, remembered in home so that a warm start has the same ones; a taken one is replaced, and said so. */
export function openPortBook(home: string, say: (line: string) => void): PortBook {
  const file = join(home, 'ports.json')
  const ports = readPorts(file)
  return {
    async take(name) {
      const remembered = ports[name]
      if (remembered !== undefined && (await isPortFree(remembered))) return remembered
      const port = await freePortBeside(Object.values(ports))
      if (remembered !== undefined) say(`port ${remembered} (${name}) is in use by another program, taking ${port}`)
      ports[name] = port
      writeFileSync(file, JSON.stringify(ports, null, 1))
      return port
    },
  }
}

/** The system may hand out a port again that nobody has bound yet. */
export async function freePortBeside(taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (!taken.includes(port)) return port
  }
}

export function readPorts(file: string): Record<string, number> {
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
  } catch {
    return {} // A half-written book only costs the old port numbers.
  }
}
