import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { BootFault } from '../services/faults.ts'
import { freePortBeside, isPortFree, readPorts } from '../services/ports.ts'

const APPS = ['gateway', 'ingest', 'orders', 'portfolio', 'strategies', 'engine'] as const

/** Of the gateway; 0 = any. One that a person has asked for is that one or none. */
export type Wish = { readonly port: number; readonly byHand?: boolean | undefined }

/** The ports of last time where they are free, else other ones. The gateway's own wish comes first. */
export async function freePorts(
  home: string,
  { port: gatewayPort, byHand = false }: Wish,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const file = path.join(home, 'app-ports.json')
  const known = readPorts(file)
  const ports: Record<string, number> = {}
  for (const app of APPS) {
    const wanted = app === 'gateway' && gatewayPort !== 0 ? gatewayPort : (known[app] ?? 0)
    const taken = Object.values(ports)
    const free = wanted !== 0 && !taken.includes(wanted) && (await isPortFree(wanted))
    if (!free && byHand && app === 'gateway' && wanted !== 0)
      throw new BootFault('port_in_use', `port ${wanted} is in use`, 'stop what uses it, or give another --port')
    ports[app] = free ? wanted : await freePortBeside(taken)
    if (wanted !== 0 && ports[app] !== wanted) say(`port ${wanted} is in use; ${app} takes ${ports[app]}`)
  }
  writeFileSync(file, JSON.stringify(ports))
  return ports
}
