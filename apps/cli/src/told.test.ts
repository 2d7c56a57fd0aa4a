import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Refusal } from '@contrail/contracts'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { chosenOf, withChosen } from './lib/kept.ts'
import { contrailWith } from './testing/program.ts'

const NEVER = 'never'
/** Answers by path, as a gateway would give them. */
let answers: Record<string, unknown> = {}
let server: Server
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '', 'http://here').pathname]
    if (answer === NEVER) return
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const strategy = { strategy: 'mine', definition: 'mine', desired: 'running', actual: 'started', detail: 'live' }
const card = (change: object = {}) => ({ ...strategy, decisions: 3, account: 'paper', updatedUs: 1, code: 'a'.repeat(64), ...change }) // prettier-ignore
beforeEach(() => {
  answers = {
    '/v1/status': { services: [{ name: 'orders', ready: true, reasons: [] }], halts: [], tradingState: 'active' },
    '/v1/strategies': { items: [card()] },
  }
})

const contrail = (...args: string[]) => contrailAt(undefined, ...args)
function contrailAt(home: string | undefined, ...args: string[]) {
  const { port } = server.address() as AddressInfo
  const at = home === undefined ? {} : { CONTRAIL_HOME: home }
  return contrailWith({ CONTRAIL_URL: `http://127.0.0.1:${port}`, CONTRAIL_TOKEN: 't', ...at }, args)
}

test('a halt is said by status and by doctor', async () => {
  expect((await contrail('status')).out).not.toContain('halted')
  expect((await contrail('doctor')).out).toMatch(/^trading +ok +no halt$/m)
  answers['/v1/status'] = {
    ...(answers['/v1/status'] as object),
    halts: [{ scope: 'platform', state: 'halted', reason: 'the feed looks wrong' }],
  }
  expect((await contrail('status')).out).toContain('platform is halted: the feed looks wrong')
  const { code, out } = await contrail('doctor')
  expect(out).toMatch(/^trading +BAD +platform is halted: the feed looks wrong +contrail resume/m)
  expect(code).toBe(1)
})

test('where nobody answers status says what can be seen from outside', async () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'contrail-told-'))
  const closed = { operatorNatsUrl: 'nats://127.0.0.1:1', marketDbUrl: '' }
  writeFileSync(path.join(home, 'connections.json'), JSON.stringify(closed))
  answers['/v1/status'] = NEVER
  const { code, err } = await contrailAt(home, 'status')
  expect(err).toMatch(/^timed_out +platform: ".* does not answer; the bus takes no connection; [\d.]+ GB of disk free"/)
  expect(code).toBe(6)
  rmSync(home, { recursive: true })
})

test('alerts are listed with their time, severity, kind and text', async () => {
  const alert = { sequence: 2, severity: 'critical', kind: 'fill_not_booked', source: 'portfolio', text: 'it lies in the dead letters', about: {}, atUs: 1_767_225_600_000_000 } // prettier-ignore
  answers['/v1/alerts'] = { items: [alert], next: '2' }
  const { out } = await contrail('alerts')
  expect(out).toMatch(/^2026-01-01 00:00:00 +critical +fill_not_booked +portfolio +it lies in the dead letters$/m)
  expect(out).toContain('there are more')
  expect(JSON.parse((await contrail('alerts', '--json')).out)).toEqual(answers['/v1/alerts'])
  answers['/v1/alerts'] = { items: [] }
  expect((await contrail('alerts')).out).toBe('no alerts\n')
})

test('a strategy that shall run and does not says why, to who lists them and to the doctor', async () => {
  expect((await contrail('doctor')).out).toMatch(/^strategies +ok +1 running$/m)
  answers['/v1/strategies'] = { items: [card({ actual: 'halted', detail: 'Error: boom at mine.ts:9' })] }
  expect((await contrail('strategies')).out).toContain('Error: boom at mine.ts:9')
  expect((await contrail('doctor')).out).toMatch(/^strategies +BAD +mine halted +contrail strategies says why/m)
  answers['/v1/strategies'] = { items: [card({ desired: 'stopped', actual: 'halted', detail: 'Error: boom' })] }
  expect((await contrail('strategies')).out).not.toContain('boom')
  answers['/v1/strategies'] = { items: [card({ actual: 'paused' })] }
  expect((await contrail('strategies')).out).toContain('it is paused: contrail resume mine')
  answers['/v1/strategies'] = { items: [card({ desired: 'paused', actual: 'paused' })] }
  expect((await contrail('doctor')).out).toMatch(/^strategies +ok/m)
})

test('a strategy that is known goes on with what was chosen for it; a name that its code has no more is left', async () => {
  const schema = { properties: { size: { default: 1 }, fast: { default: 3 }, old: { default: 0 } } }
  const before = { ...card(), parameters: { size: 0.5, fast: 3, old: 9 }, parametersSchema: schema } as never
  const chosen = chosenOf(before)
  expect(chosen).toEqual({ size: 0.5, old: 9 })
  const sent: object[] = []
  const send = async (all: object) => {
    sent.push(all)
    if ('old' in all) throw new Refusal('unknown_parameter', 'parameters.old', 9, 'the strategy has size, fast')
    return all
  }
  expect(await withChosen(chosen, { fast: 4 }, send)).toEqual({ size: 0.5, fast: 4 })
  expect(sent).toHaveLength(2)
  await expect(withChosen({}, { old: 1 }, send)).rejects.toThrow('old')
})

test('who stops a strategy hears what of it may still fill', async () => {
  answers['/v1/strategies/mine/stop'] = card({ desired: 'stopped' })
  answers['/v1/orders'] = { items: [] }
  expect((await contrail('stop', 'mine')).out).toBe('mine shall be stopped\n')
  answers['/v1/orders'] = { items: [{}, {}] }
  expect((await contrail('stop', 'mine')).out).toMatch(/2 of its orders may still fill .*contrail halt --strategy mine/)
})

test('a list that goes on says so', async () => {
  answers['/v1/fills'] = { items: [{ atUs: 1, tradeId: 't' }], next: '7' }
  expect((await contrail('trades')).out).toContain('the newest 1; there are more: --limit 500')
})

test('what is read by a program has no colours', async () => {
  for (const args of [['--help'], ['orders', '--help'], ['status']])
    expect((await contrail(...args)).out).not.toContain('\u001b')
})
