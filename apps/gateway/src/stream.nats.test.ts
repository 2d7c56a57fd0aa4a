import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { encodeJson, encodeTick, subjects } from '@contrail/contracts'
import type { Alert, AlertView, Confirm, Decision, Halt, PositionValue, StrategyEvent } from '@contrail/contracts'
import { until } from '@contrail/runtime/testing'
import { CLIENTS_PER_PRINCIPAL_MAX } from './stream/server.ts'
import { startTestGateway } from './testing/gateway.ts'
import type { TestGateway } from './testing/gateway.ts'
import { listen } from './testing/listener.ts'
import type { Heard, Listener } from './testing/listener.ts'
import { startStandIn } from './testing/stand-in.ts'
import type { StandIn } from './testing/stand-in.ts'

const AT_US = 1_767_225_600_000_000
let standIn: StandIn
let gateway: TestGateway
const open: Listener[] = []
beforeAll(async () => {
  standIn = await startStandIn()
  gateway = await startTestGateway(standIn.url)
})
afterEach(() => {
  for (const listener of open.splice(0)) listener.close()
})
afterAll(async () => {
  await gateway.stop()
  await standIn.close()
})

async function hear(query = '', lastEventId?: string): Promise<Listener> {
  const headers = { authorization: `Bearer ${gateway.token}` }
  const resumed = lastEventId === undefined ? headers : { ...headers, 'last-event-id': lastEventId }
  const listener = await listen(`${gateway.url}/v1/stream${query}`, resumed)
  open.push(listener)
  await listener.wait('hello', (events) => events.some(({ name }) => name === 'hello'))
  return listener
}
const named = (name: string) => (event: Heard) => event.name === name
const numbers = (events: Heard[]) => events.filter(named('report')).map(({ data }) => Number(data['reportId']))

let reports = 0
async function report(): Promise<number> {
  const reportId = ++reports
  const confirm = {
    schema: 1,
    reportId: String(reportId),
    type: 'accepted',
    tenant: 'main',
    account: 'paper',
    strategy: 'sma-demo',
    orderId: `sma-demo-${reportId}-0`,
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: 'buy',
    orderType: 'market',
    quantity: '0.25',
    status: 'new',
    cumQuantity: '0',
    leavesQuantity: '0.25',
    atUs: AT_US + reportId,
  } as unknown as Confirm
  await gateway.operator.publish(subjects.confirm('paper', 'sma-demo'), encodeJson(confirm))
  return reportId
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a report arrives with an id, and a heartbeat with the server’s time', async () => {
  const listener = await hear()
  const number = await report()
  await listener.wait('the report', (events) => numbers(events).includes(number))
  const heard = listener.events.find(named('report'))
  expect(heard?.id).toMatch(/^o=\d+;t=\d+;c=\d+;a=\d+;i=[0-9a-f]{8}$/)
  expect(heard?.data).toMatchObject({ type: 'accepted', quantity: '0.25' })
  expect(heard?.data).not.toHaveProperty('trail')
  await until(
    'a second heartbeat',
    () => listener.comments.filter((text) => /^heartbeat \d{16}$/.test(text)).length > 1,
  )
})

test('a client that was away goes on without a gap and without a repeat', async () => {
  const first = await hear('?topics=orders')
  const from = await report()
  await first.wait('the first report', (events) => numbers(events).includes(from))
  const id = first.lastId() as string
  first.close()
  for (let i = 0; i < 300; i++) await report()
  const again = await hear('?topics=orders', id)
  const last = await report()
  await again.wait('the last report', (events) => numbers(events).includes(last))
  expect(numbers(again.events)).toEqual(range(from + 1, last))
})

test('reports that come while a client catches up are neither lost nor doubled', async () => {
  const first = await hear('?topics=orders')
  const from = await report()
  await first.wait('the first report', (events) => numbers(events).includes(from))
  const id = first.lastId() as string
  first.close()
  for (let i = 0; i < 200; i++) await report()
  const writing = (async () => {
    for (let i = 0; i < 200; i++) await report()
  })()
  const again = await Promise.all([hear('?topics=orders', id), hear('?topics=orders', id), hear('?topics=orders', id)])
  await writing
  const last = await report()
  for (const listener of again) {
    await listener.wait('the last report', (events) => numbers(events).includes(last))
    expect(numbers(listener.events)).toEqual(range(from + 1, last))
  }
})

test('a restart of the gateway is no gap either', async () => {
  const first = await hear('?topics=orders')
  const from = await report()
  await first.wait('the first report', (events) => numbers(events).includes(from))
  const id = first.lastId() as string
  await gateway.restart()
  await first.ended
  for (let i = 0; i < 5; i++) await report()
  const again = await hear('?topics=orders', id)
  const last = await report()
  await again.wait('the last report', (events) => numbers(events).includes(last))
  expect(numbers(again.events)).toEqual(range(from + 1, last))
})

test('an id of another life of the streams is told by reset, not by silence', async () => {
  const listener = await hear('', 'o=1;t=1;c=1;a=1;i=00000000')
  const resets = listener.events.filter(named('reset')).map(({ data }) => data['stream'])
  expect(resets).toEqual(['ORDERS', 'TRADES', 'CONTROL', 'ALERTS'])
  const ahead = await hear('', 't=999999999')
  expect(ahead.events.filter(named('reset')).map(({ data }) => data['stream'])).toEqual(['TRADES'])
})

test('ticks of an instant are one event with all that a bar needs', async () => {
  const listener = await hear('?topics=ticks,candles&instruments=sim.BTC-USDT')
  const tick = (price: number, offsetUs: number, instrument = 'BTC-USDT') =>
    gateway.operator.publish(
      subjects.tick('sim', instrument),
      encodeTick({
        tradeId: `t${price}`,
        side: 'buy',
        price,
        quantity: 0.5,
        venueTimeUs: AT_US + offsetUs,
        receiveTimeUs: AT_US + offsetUs,
      } as never),
    )
  await tick(1, 0, 'ETH-USDT')
  await Promise.all([tick(100, 1), tick(105, 2), tick(95, 3), tick(101, 4)])
  await tick(102, 1_000_001)
  await listener.wait('the second second', (events) => events.some(({ data }) => data['price'] === 102))
  const ticks = listener.events.filter(named('tick')).map(({ data }) => data as Record<string, number>)
  expect(ticks.every(({ instrument }) => String(instrument) === 'BTC-USDT')).toBe(true)
  const first = ticks.filter((one) => (one['atUs'] as number) < AT_US + 1_000_000)
  expect(first.reduce((sum, one) => sum + (one['trades'] as number), 0)).toBe(4)
  expect(first.reduce((sum, one) => sum + (one['volume'] as number), 0)).toBe(2)
  expect(Math.max(...first.map((one) => one['high'] as number))).toBe(105)
  expect(Math.min(...first.map((one) => one['low'] as number))).toBe(95)
  expect(listener.events.filter(named('tick')).every(({ id }) => id === undefined)).toBe(true)
})

test('a position is valued in exact decimals at the last trade', async () => {
  const kv = await gateway.operator.kv('positions')
  const position = {
    schema: 1,
    tenant: 'main',
    account: 'paper',
    strategy: 'sma-demo',
    venue: 'sim',
    instrument: 'XRP-USDT',
    quantity: '-1000.1',
    averagePrice: '0.3000000000000000004',
    realised: '0',
    fees: '0',
    fills: 1,
    sequence: 1,
    atUs: AT_US,
  }
  const exact = { ...position, averagePrice: '0.300000000000000004' } as unknown as PositionValue
  const listener = await hear('?topics=positions')
  await kv.put('paper.sma-demo.sim.XRP-USDT', encodeJson(exact))
  await listener.wait('the position', (events) => events.some(named('position')))
  expect(listener.events.find(named('position'))?.data).toMatchObject({ mark: null, unrealised: null })
  const tick = { tradeId: 'x', side: 'buy', price: 0.31, quantity: 1, venueTimeUs: AT_US, receiveTimeUs: AT_US }
  await gateway.operator.publish(subjects.tick('sim', 'XRP-USDT'), encodeTick(tick as never))
  await listener.wait('its value', (events) => events.some(({ data }) => data['mark'] === '0.31'))
  expect(listener.events.findLast(named('position'))?.data['unrealised']).toBe('-10.0009999999999959996')
})

test('halts, decisions and strategy events come as they happen; a new client sees the state', async () => {
  const halt: Halt = { schema: 1, state: 'halted', reason: 'a test', by: 'admin', atUs: AT_US as never }
  const listener = await hear()
  await (await gateway.operator.kv('halts')).put('platform', encodeJson(halt))
  const decision = {
    schema: 1,
    tenant: 'main',
    account: 'paper',
    strategy: 'sma-demo',
    epoch: 1,
    number: 7,
    kind: 'decision',
    cause: { stream: 'MD', sequence: 5, subject: 'md.clock' },
    trail: [['MD', 5]],
    atUs: AT_US,
    reasons: { fast: 2.5, slow: 2 },
    intents: [],
  } as unknown as Decision
  await gateway.operator.publish(subjects.signal('sma-demo'), encodeJson(decision))
  const event = {
    schema: 1,
    strategy: 'sma-demo',
    event: 'paused',
    worker: 'w',
    epoch: 1,
    number: 7,
    detail: '',
    atUs: 1,
  }
  await gateway.operator.publish(subjects.event('sma-demo'), encodeJson(event as unknown as StrategyEvent))
  await listener.wait('all three', (events) =>
    ['halt', 'decision', 'strategy'].every((name) => events.some(named(name))),
  )
  expect(listener.events.find(named('decision'))?.data).toMatchObject({ number: 7, reasons: { fast: 2.5, slow: 2 } })
  await gateway.restart()
  const late = await hear()
  await late.wait('the state', (events) => ['halt', 'decision'].every((name) => events.some(named(name))))
  expect(late.events.find(named('halt'))?.data).toMatchObject({ scope: 'platform', state: 'halted', reason: 'a test' })
  expect(late.events.find(named('decision'))?.data).toMatchObject({ number: 7 })
})

const alertOf = (text: string): Alert =>
  ({ schema: 1, severity: 'critical', kind: 'fill_not_booked', source: 'portfolio', text, about: { subject: 'x' }, atUs: AT_US }) as never // prettier-ignore
const tell = (text: string) => gateway.operator.publish('alerts.critical.fill_not_booked', encodeJson(alertOf(text)))

test('an alert comes as it happens, one of meanwhile is not missed, and REST lists them newest first, page by page', async () => {
  const listener = await hear('?topics=alerts')
  await tell('first')
  await listener.wait('the alert', (events) => events.some(named('alert')))
  const heard = listener.events.find(named('alert'))?.data
  expect(heard).toEqual({ ...alertOf('first'), schema: undefined, sequence: expect.any(Number) })
  listener.close()
  await tell('second')
  await gateway.operator.publish('alerts.critical.nonsense', encodeJson({ nonsense: true }))
  await tell('third')
  const again = await hear('?topics=alerts', listener.lastId())
  await again.wait('those of meanwhile', (events) => events.filter(named('alert')).length === 2)
  expect(again.events.filter(named('alert')).map(({ data }) => data['text'])).toEqual(['second', 'third'])
  const list = async (query: string) => {
    const answer = await fetch(`${gateway.url}/v1/alerts?${query}`, { headers: { authorization: `Bearer ${gateway.token}` } }) // prettier-ignore
    return (await answer.json()) as { items: AlertView[]; next?: string }
  }
  const { items, next } = await list('limit=3')
  expect(items.map(({ text }) => text)).toEqual(['third', 'second'])
  const rest = await list(`limit=3&cursor=${next}`)
  expect([rest.items.map(({ text }) => text), rest.next]).toEqual([['first'], undefined])
  expect(await list('cursor=1')).toEqual({ items: [] })
})

test('a dead letter is listed and laid aside, once, with who, why and when', async () => {
  const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }
  const call = async (path: string, body?: object) => {
    const answer = await fetch(`${gateway.url}/v1/dead-letters${path}`, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) }) // prettier-ignore
    return [answer.status, (await answer.json()) as Record<string, unknown>] as const
  }
  const letter = { schema: 1, stream: 'TRADES', consumer: 'portfolio', subject: 'trades.confirm.paper.s', sequence: 5, cause: 'no JSON', attempts: 1, data: 'e30=', atUs: AT_US } // prettier-ignore
  const { sequence } = await gateway.operator.publish('dlq.TRADES.portfolio', encodeJson(letter))
  const { schema: _schema, data: _data, ...shown } = letter
  expect(await call('')).toEqual([200, { items: [{ ...shown, letter: sequence, putBack: false }] }])
  const reason = 'half a message of a test'
  const laidAside = { by: 'admin', reason, atUs: expect.any(Number) }
  expect(await call(`/${sequence}/aside`, { reason })).toEqual([200, { letter: sequence, ...laidAside }])
  expect(await call('')).toEqual([200, { items: [{ ...shown, letter: sequence, putBack: false, laidAside }] }])
  expect(await call(`/${sequence}/aside`, { reason })).toMatchObject([409, { code: 'already_laid_aside' }])
  expect(await call('/999/aside', { reason })).toMatchObject([404, { code: 'not_found', field: 'deadLetter' }])
  expect(await call(`/${sequence}/aside`, {})).toMatchObject([400, { code: 'invalid', field: 'body.reason' }])
})

test('a message that is not of the contract is left out and delays nobody', async () => {
  const listener = await hear('?topics=orders')
  await gateway.operator.publish(subjects.confirm('paper', 'sma-demo'), encodeJson({ nonsense: true }))
  await gateway.operator.publish(subjects.tick('sim', 'BTC-USDT'), new Uint8Array(3))
  const number = await report()
  await listener.wait('the report behind it', (events) => numbers(events).includes(number))
  expect(listener.events.filter(named('report'))).toHaveLength(1)
})

test('streams are counted per person', async () => {
  const many = await Promise.all(Array.from({ length: CLIENTS_PER_PRINCIPAL_MAX }, () => hear('?topics=halts')))
  expect(many.every(({ events }) => events.length > 0)).toBe(true)
  const refused = await fetch(`${gateway.url}/v1/stream`, { headers: { authorization: `Bearer ${gateway.token}` } })
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'too_many_streams'])
})
