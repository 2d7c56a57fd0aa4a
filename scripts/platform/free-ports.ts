import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { freePortBeside, isPortFree, readPorts } from '../services/ports.ts'

const APPS = ['gateway', 'ingest', 'orders', 'portfolio', 'strategies', 'engine'] as const

/** The ports of last time where they are free, else other ones. The gateway's own wish comes first. */
export async function freePorts(
  home: string,
  gatewayPort: number,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const file = path.join(home, 'app-ports.json')
  const known = readPorts(file)
  const ports: Record<string, number> = {}
  for (const app of APPS) {
    const wanted = app === 'gateway' && gatewayPort !== 0 ? gatewayPort : (known[app] ?? 0)
    const taken = Object.values(ports)
    const free = wanted !== 0 && !taken.includes(wanted) && (await isPortFree(wanted))
    ports[app] = free ? wanted : await freePortBeside(taken)
    if (wanted !== 0 && ports[app] !== wanted) say(`port ${wanted} is in use; ${app} takes ${ports[app]}`)
  }
  writeFileSync(file, JSON.stringify(ports))
  return ports
}
