import { z } from 'zod'
import {
  accountField,
  explainView,
  fillView,
  haltRequest,
  haltView,
  instrumentField,
  manualOrderRequest,
  orderIdField,
  orderView,
  strategyField,
} from '@contrail/contracts'
import { IDEMPOTENCY_HEADER } from '../http/idempotency.ts'
import * as example from './examples.ts'
import { byOf, listOf, page, route } from './kit.ts'

const filter = {
  account: accountField.optional(),
  strategy: strategyField.optional(),
  instrument: instrumentField.optional(),
}
const orderParams = z.strictObject({ orderId: orderIdField })
/** It is in the stream; what becomes of it is told by reports. */
const askedView = z.object({ orderId: orderIdField, number: z.number().int(), account: accountField.optional() })
const base = { tag: 'orders', service: 'orders' } as const

export const orderRoutes = [
  route({
    ...base,
    method: 'get',
    path: '/v1/orders',
    operation: 'listOrders',
    summary: 'Orders, newest first.',
    query: z.strictObject({ ...filter, status: z.enum(['open', 'all']).default('all'), ...page }),
    answer: listOf(orderView),
    example: { items: [example.order] },
    handle: ({ query }, { upstream }) => upstream.call('orders', '/orders', { query }),
  }),
  route({
    ...base,
    method: 'post',
    path: '/v1/orders',
    operation: 'placeOrder',
    summary: 'A manual order, stored and then judged by the same risk gate as a strategy’s: watch its status.',
    body: manualOrderRequest,
    bodyExample: example.manualOrder,
    idempotency: 'required',
    status: 202,
    answer: askedView,
    example: example.asked,
    handle: ({ body, headers }, { upstream, account, principal }) =>
      upstream.call('orders', '/orders', {
        method: 'POST',
        body: { ...body, account: body.account ?? account, by: byOf(principal) },
        headers: { [IDEMPOTENCY_HEADER]: headers[IDEMPOTENCY_HEADER] as string },
      }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/orders/{orderId}',
    operation: 'getOrder',
    summary: 'One order.',
    params: orderParams,
    answer: orderView,
    example: example.order,
    handle: ({ params }, { upstream }) => upstream.call('orders', `/orders/${params.orderId}`),
  }),
  route({
    ...base,
    method: 'delete',
    path: '/v1/orders/{orderId}',
    operation: 'cancelOrder',
    summary: 'Ask for a cancel. Ended only when the venue says so: watch its status.',
    params: orderParams,
    status: 202,
    answer: askedView,
    example: example.asked,
    handle: ({ params }, { upstream, principal }) =>
      upstream.call('orders', `/orders/${params.orderId}`, { method: 'DELETE', query: { by: byOf(principal) } }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/orders/{orderId}/explain',
    operation: 'explainOrder',
    summary: 'Why this order: the decision with its reasons, each risk check, each attempt, each report.',
    params: orderParams,
    answer: explainView,
    example: example.explain,
    handle: ({ params }, { upstream }) => upstream.call('orders', `/orders/${params.orderId}/explain`),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/fills',
    operation: 'listFills',
    summary: 'Fills, newest first.',
    query: z.strictObject({ ...filter, ...page }),
    answer: listOf(fillView),
    example: { items: [example.fill] },
    handle: ({ query }, { upstream }) => upstream.call('orders', '/fills', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/halts',
    operation: 'listHalts',
    summary: 'Every scope that was ever halted, with its state now.',
    answer: listOf(haltView),
    example: { items: [example.halt] },
    handle: (_, { upstream }) => upstream.call('orders', '/halts'),
  }),
  route({
    ...base,
    method: 'post',
    path: '/v1/halts',
    operation: 'setHalt',
    summary: 'The kill switch: halt, reduce only, or activate a scope.',
    body: haltRequest,
    bodyExample: { scope: 'platform', state: 'halted', reason: 'maintenance' },
    idempotency: 'accepted',
    answer: haltView.extend({
      cancelled: z.object({ asked: z.number().int(), open: z.number().int() }).optional(),
    }),
    example: { ...example.halt, cancelled: { asked: 2, open: 0 } },
    handle: ({ body }, { upstream, principal }) =>
      upstream.call('orders', '/halts', { method: 'POST', body: { ...body, by: byOf(principal) } }),
  }),
]
