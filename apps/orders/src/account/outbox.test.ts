import { createTestDatabases } from '@contrail/db/testing'
import { createLogger, createMemoryBus, manualClock, systemClock } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { expect, test } from 'vitest'
import type { StoredReport, Writer } from '../store/write.ts'
import { Outbox } from './outbox.ts'

const SUBJECT = 'trades.confirm.paper.s'
const reports = Array.from({ length: 40 }, (_, at) => ({ id: at + 1, subject: SUBJECT, body: {} }) as StoredReport)
const ids = reports.map(({ id }) => String(id))

/** Marks are written when time passes, and here it only passes for a retry: no table is touched. */
function outboxOn(publish: Bus['publish']) {
  const clock = manualClock(1)
  const log = createLogger({ name: 'outbox', level: 'silent' })
  return { clock, outbox: new Outbox({} as Writer, { publish } as Bus, clock, log) }
}

async function storedIds(bus: Bus): Promise<string[]> {
  const found: string[] = []
  const last = (await bus.streamState('TRADES'))?.lastSequence ?? 0
  for (let sequence = 1; sequence <= last; sequence++) {
    const message = await bus.getMessage('TRADES', sequence)
    if (message?.subject !== SUBJECT) continue
    found.push((JSON.parse(Buffer.from(message.data).toString()) as { reportId: string }).reportId)
  }
  return found
}

test("reports keep their order, each once, while another account's come between them", async () => {
  const bus = createMemoryBus()
  let others = 0
  let refused = 0
  const { outbox } = outboxOn(async (subject, data, options) => {
    const other = Number(options?.messageId?.slice('orders-'.length)) % 3 === 0
    if (other) await bus.publish('trades.confirm.other.s', data, { messageId: `other-${++others}` })
    return await bus.publish(subject, data, options).catch((error: unknown) => {
      refused++
      throw error
    })
  })
  outbox.add(reports)
  await outbox.flush()
  expect(await storedIds(bus)).toEqual(ids)
  expect(refused).toBeGreaterThan(0)
})

test('a report whose answer is lost is not overtaken, nor stored twice', async () => {
  const bus = createMemoryBus()
  const lost = new Set(['orders-1', 'orders-7', 'orders-8', 'orders-40'])
  const { clock, outbox } = outboxOn(async (subject, data, options) => {
    const first = lost.delete(options?.messageId ?? '')
    if (first && options?.messageId !== 'orders-7') await bus.publish(subject, data, options)
    if (first) throw new Error('no answer')
    return await bus.publish(subject, data, options)
  })
  outbox.add(reports)
  let done = false
  const flushed = outbox.flush().then(() => (done = true))
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    // Less than a mark would need, unless a retry waits.
    if (!done && outbox.size > 0) clock.advanceMs(10)
  }
  await flushed
  expect(await storedIds(bus)).toEqual(ids)
})

test('a report that could not leave is tried again, though nobody waits for it', async () => {
  const bus = createMemoryBus()
  let failures = 3
  const { clock, outbox } = outboxOn(async (subject, data, options) => {
    if (failures-- > 0) throw new Error('no answer')
    return await bus.publish(subject, data, options)
  })
  outbox.add(reports.slice(0, 1))
  await until('it is stored', async () => {
    clock.advanceMs(100)
    return (await storedIds(bus)).length === 1
  })
})

test('an outbox whose marks cannot be written goes on with its pages when they can', async () => {
  const databases = await createTestDatabases()
  const { sql } = databases.open('admin', 'trade', { max: 1 })
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica` // reports without their orders
    await tx`insert into executions (tenant_id, account, order_id, subject, body)
      select 'main', 'paper', 's-1-0', ${SUBJECT}, '{}' from generate_series(1, 700)`
  })
  const database = databases.open('orders', 'trade', { tenant: 'main' })
  const [me] = await database.sql<[{ name: string }]>`select quote_ident(current_user) as name`
  const bus = createMemoryBus()
  const lines: string[] = []
  const log = createLogger({ name: 'outbox', level: 'warn', destination: { write: (line) => void lines.push(line) } })
  const outbox = new Outbox({ database, tenant: 'main', account: 'paper' }, bus, systemClock, log)
  await sql.unsafe(`revoke update on executions from ${me.name}`)
  await outbox.reload()
  void outbox.flush()
  await until('marks are refused', () => lines.some((line) => line.includes('permission denied')))
  await sql.unsafe(`grant update on executions to ${me.name}`)
  const waiting = async () => (await sql`select 1 from executions where published_sequence is null`).length
  await until('all are published and marked', async () => (await waiting()) === 0)
  expect((await storedIds(bus)).length).toBe(700)
  await databases.drop()
})
