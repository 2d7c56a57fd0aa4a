import type { StatusView, StrategyView } from '@contrail/contracts'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { get } from '../lib/client.ts'
import { connection, home, root } from '../lib/home.ts'
import { printJson, printTable, styled } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { letters } from '../lib/letters.ts'
import { busAccepts, diskFreeBytes, wasStarted } from '../lib/outside.ts'
import { whyNot } from '../lib/trouble.ts'

type Finding = { check: string; ok: boolean; found: string; mend: string }
type Check = () => Finding | Promise<Finding>

const DISK_BYTES_MIN = 1_000_000_000
const NODE_MAJOR_MIN = 22
const CLOCK_MS_MAX = 500

const finding = (check: string, ok: boolean, found: string, mend: string): Finding => ({
  check,
  ok,
  found,
  mend: ok ? '' : mend,
})

const checks: readonly Check[] = [
  () =>
    finding(
      'node',
      Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN,
      process.version,
      'run npm start: it installs the pinned Node',
    ),
  () =>
    finding(
      'packages',
      existsSync(path.join(root, 'node_modules')),
      path.join(path.basename(root), 'node_modules'),
      'run npm start: it installs them',
    ),
  () => {
    const found = existsSync(home())
    return finding(
      'data folder',
      found && writable(home()),
      found ? 'there' : 'missing',
      'run npm start, or mend its permissions',
    )
  },
  () => {
    const free = diskFreeBytes()
    return finding('disk', free >= DISK_BYTES_MIN, `${(free / 1e9).toFixed(1)} GB free`, 'free at least 1 GB')
  },
  () => privateFile('admin token', 'admin-token'),
  () => privateFile('secrets', 'secrets.json'),
  () => privateFile('connections', 'connections.json'),
  async () => {
    const url = wasStarted() ? new URL(connection('operatorNatsUrl')) : undefined
    const open = url !== undefined && (await busAccepts())
    return finding('nats', open, url ? `port ${url.port}` : 'never started', 'npm start; then contrail logs nats')
  },
  async () => {
    const status = await get<StatusView>('/v1/status').catch((error: Error) => error)
    if (status instanceof Error) return finding('platform', false, status.message, 'npm start; then contrail logs core')
    const bad = status.services.filter(({ ready }) => !ready)
    const found =
      bad.length === 0
        ? `${status.services.length} services ready`
        : bad.map(({ name, reasons }) => `${name}: ${reasons.join(', ')}`).join('; ')
    return finding('platform', bad.length === 0, found, 'contrail logs core')
  },
  async () => {
    const status = await get<StatusView>('/v1/status').catch(() => undefined)
    const found = status?.halts.map(({ scope, state, reason }) => `${scope} is ${state}: ${reason}`).join('; ')
    if (found === undefined) return finding('trading', false, 'the platform does not answer', 'npm start')
    return finding('trading', found === '', found || 'no halt', 'contrail resume, once its reason is gone')
  },
  async () => {
    if (!wasStarted()) return finding('dead letters', true, 'never started', '')
    const all = (await busAccepts()) ? await letters().catch(() => undefined) : undefined
    if (!all) return finding('dead letters', false, 'the bus does not answer', 'npm start; then contrail logs nats')
    const waiting = all.filter(({ putBack, laidAside }) => !putBack && !laidAside)
    const [last] = waiting
    const found = last ? `${waiting.length}, the last of ${last.subject}: ${last.cause}` : 'none'
    return finding(
      'dead letters',
      !last,
      found,
      'contrail letters; mend the cause, then contrail letters --redrive N, or --aside N --reason TEXT',
    )
  },
  async () => {
    const list = await get<{ items: StrategyView[] }>('/v1/strategies').catch(() => undefined)
    if (!list) return finding('strategies', false, 'the platform does not answer', 'npm start')
    const troubles = list.items.flatMap((one) => {
      const why = whyNot(one)
      return why === undefined ? [] : `${one.strategy} ${one.actual}`
    })
    const running = list.items.filter(({ desired }) => desired === 'running').length
    const found = troubles.join(', ') || `${running} running`
    return finding('strategies', troubles.length === 0, found, 'contrail strategies says why; mend it and start it')
  },
  async () => {
    const before = Date.now() // tidy-ok: compares clocks
    const time = await get<{ nowUs: number }>('/v1/time').catch(() => undefined)
    if (!time) return finding('clock', false, 'the platform does not answer', 'npm start')
    const skewMs = Math.round(time.nowUs / 1000 - before)
    return finding(
      'clock',
      Math.abs(skewMs) <= CLOCK_MS_MAX,
      `${skewMs} ms apart`,
      'let the system keep its clock (NTP)',
    )
  },
]

export default command('doctor', 'Look for what is wrong and say the mend', {}, async ({ json }) => {
  const findings: Finding[] = []
  for (const check of checks) findings.push(await check())
  if (json) printJson({ findings })
  else
    printTable(
      findings.map(({ check, ok, found, mend }) => ({
        check,
        state: ok ? styled('green', 'ok') : styled('red', 'BAD'),
        found,
        mend,
      })),
      'nothing to check',
    )
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1
})

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function privateFile(check: string, name: string): Finding {
  const file = path.join(home(), name)
  if (!existsSync(file)) return finding(check, false, 'missing', 'npm start makes it')
  const mode = statSync(file).mode & 0o777
  return finding(
    check,
    (mode & 0o077) === 0,
    `mode ${mode.toString(8)}`,
    `chmod 600 ${path.relative(process.cwd(), file)}`,
  )
}
