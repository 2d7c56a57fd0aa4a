import { createReadStream, existsSync, readdirSync, statSync, watch } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { refuse } from '@contrail/contracts'
import { home } from '../lib/home.ts'
import { styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'

const TAIL_BYTES = 64 * 1024
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

export default command(
  'logs',
  'Read the logs of the services',
  {
    service: { type: 'positional', description: 'core, engine, nats, postgres, redis', required: false },
    follow: { type: 'boolean', alias: 'f', description: 'Go on reading' },
  },
  async ({ service, follow, json }) => {
    const folder = path.join(home(), 'logs')
    if (!existsSync(folder)) throw refuse('not_found', 'logs', folder, 'start the platform: npm start')
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
    const wanted = names.filter((name) => service === undefined || name === `${service}.log`)
    if (wanted.length === 0)
      throw refuse('not_found', 'service', service ?? '', `one of ${names.map((name) => name.slice(0, -4)).join(', ')}`)
    const offsets = new Map<string, number>()
    const read = async (name: string) => {
      const file = path.join(folder, name)
      const { size } = statSync(file)
      const start = offsets.get(name) ?? Math.max(0, size - TAIL_BYTES)
      if (size <= start) return
      offsets.set(name, size)
      for await (const line of createInterface({ input: createReadStream(file, { start, end: size - 1 }) }))
        process.stdout.write(`${json ? line : readable(name.slice(0, -4), line)}\n`)
    }
    for (const name of wanted) await read(name)
    if (!follow) return
    const watcher = watch(folder, (_, name) => {
      if (name && wanted.includes(name)) void read(name)
    })
    await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()))
    watcher.close()
  },
)

type Line = { time?: unknown; level?: unknown; name?: string; msg?: string; [key: string]: unknown }

function readable(service: string, line: string): string {
  try {
    const { time, level, name = service, msg = '', ...rest } = JSON.parse(line) as Line
    const word = LEVELS[level as number] ?? String(level)
    const at = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : String(time).slice(11, 23)
    const detail = Object.entries(rest).filter(([key]) => key !== 'pid' && key !== 'hostname')
    const shown = detail
      .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' ')
    const mark = (level as number) >= 50 ? 'red' : (level as number) >= 40 ? 'yellow' : 'dim'
    return `${at} ${styled(mark, word.padEnd(5))} ${name}: ${msg} ${styled('dim', shown)}`
  } catch {
    return `${service}: ${line}` // Postgres and Redis write plain text
  }
}
