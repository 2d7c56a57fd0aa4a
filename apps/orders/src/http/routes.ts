import {
  accountField,
  check,
  decodeJson,
  haltRequest,
  manualOrderRequest,
  manualSchema,
  orderIdField,
  refuse,
  signalSchema,
} from '@contrail/contracts'
import type { AccountId, ExplainView, OrderId, Us } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import { jsonBody } from '@contrail/runtime'
import type { ServiceContext } from '@contrail/runtime'
import type { Hono } from 'hono'
import { z } from 'zod'
import type { AccountWriter } from '../account/account.ts'
import type { Settings } from '../config.ts'
import type { Halts } from '../halts.ts'
import type { Instruments } from '../instruments.ts'
import type { ManualDesk } from '../manual.ts'
import { explainOrder, listFills, listOrders, listQuery, oneOrder } from './queries.ts'

export type RouteParts = {
  readonly database: Database
  readonly context: ServiceContext
  readonly settings: Settings
  readonly accounts: ReadonlyMap<string, AccountWriter>
  readonly halts: Halts
  readonly instruments: Instruments
  readonly manual: ManualDesk
}
const byField = z.string().min(1).max(100).default('internal')
const haltBody = haltRequest.extend({ by: byField })
const orderBody = manualOrderRequest.extend({ by: byField, expireAtUs: z.number().int().positive().optional() })

export function addRoutes(app: Hono, parts: RouteParts): void {
  const { database, halts } = parts
  app.get('/orders', async (c) => c.json(await listOrders(database, check(listQuery, c.req.query(), 'query'))))
  app.get('/orders/:orderId', async (c) => c.json(await oneOrder(database, c.req.param('orderId'))))
  app.get('/orders/:orderId/explain', async (c) => c.json(await explain(parts, c.req.param('orderId'))))
  app.get('/fills', async (c) => c.json(await listFills(database, check(listQuery, c.req.query(), 'query'))))
  app.post('/orders', async (c) => {
    const { account: asked, by, expireAtUs, ...order } = check(orderBody, await jsonBody(c), 'order')
    const account = knownAccount(parts, asked)
    const { venue, instrument } = order
    if (!(await parts.instruments.get(venue, instrument)))
      throw refuse(
        'unknown_instrument',
        'order.instrument',
        `${venue}.${instrument}`,
        'give one of GET /v1/instruments',
      )
    const expires = expireAtUs === undefined ? {} : { expireAtUs: expireAtUs as Us }
    const placed = await parts.manual.place(account, by, { ...order, ...expires } as never)
    return c.json({ ...placed, account }, 202)
  })
  app.delete('/orders/:orderId', async (c) => {
    const orderId = check(orderIdField, c.req.param('orderId'), 'orderId') as OrderId
    const order = await oneOrder(database, orderId)
    const by = check(byField, c.req.query('by'), 'by')
    return c.json(await parts.manual.cancel(order.account, by, orderId), 202)
  })
  app.get('/halts', (c) => c.json({ items: halts.list() }))
  app.post('/halts', async (c) => {
    const { scope, state, reason, by } = check(haltBody, await jsonBody(c), 'halt')
    const halt = await halts.set(scope, state, reason, by)
    const left = state === 'halted' ? await cancelAll(parts, scope) : { asked: 0, open: 0 }
    return c.json({ scope, state: halt.state, reason, by, atUs: halt.atUs, cancelled: left })
  })
}

/** Over all accounts: how many orders were under the scope, and how many the venue still has. */
async function cancelAll(parts: RouteParts, scope: string): Promise<{ asked: number; open: number }> {
  const all = await Promise.all([...parts.accounts.values()].map((account) => account.cancelScope(scope)))
  return all.reduce((sum, one) => ({ asked: sum.asked + one.asked, open: sum.open + one.open }), { asked: 0, open: 0 })
}

function knownAccount(parts: RouteParts, asked: string | undefined): AccountId {
  const account = asked ?? parts.settings.accounts[0]
  if (account === undefined || !parts.accounts.has(account))
    throw refuse('not_found', 'account', account, `use one of ${[...parts.accounts.keys()].join(', ')}`)
  return check(accountField, account, 'account') as AccountId
}

async function explain(parts: RouteParts, orderId: string): Promise<ExplainView> {
  const { source, ...explained } = await explainOrder(parts.database, orderId)
  return { ...explained, decision: await decisionOf(parts, source) }
}

/** As it stands in its stream. A stream that was made anew holds another message under this number. */
async function decisionOf(parts: RouteParts, source: { stream: string; incarnation: string; sequence: number }) {
  const { bus } = parts.context
  const state = await bus.streamState(source.stream)
  if (state?.incarnation !== source.incarnation) return { gone: `the stream ${source.stream} was made anew since` }
  const message = await bus.getMessage(source.stream, source.sequence)
  if (!message) return { gone: `sequence ${source.sequence} is not kept any more` }
  const schema = message.subject.startsWith('orders.manual.') ? manualSchema : signalSchema
  const decision = decodeJson(schema as z.ZodType<object>, message.data, 'decision')
  return { ...decision, sequence: source.sequence, subject: message.subject }
}
