import { z } from 'zod'
import { accountField, equityPoint, pnlView, positionView, strategyField } from '@contrail/contracts'
import * as example from './examples.ts'
import { listOf, page, route, time } from './kit.ts'

const base = { tag: 'portfolio', service: 'portfolio' } as const
/** The ledger's rows: what they must have; a service may say more. */
const ledgerView = z.looseObject({})
const balanceView = z.looseObject({})

export const portfolioRoutes = [
  route({
    ...base,
    method: 'get',
    path: '/v1/positions',
    operation: 'listPositions',
    summary: 'Positions with mark, realised and unrealised profit and fees.',
    query: z.strictObject({ account: accountField.optional(), strategy: strategyField.optional() }),
    answer: listOf(positionView),
    example: { items: [example.position] },
    handle: ({ query }, { upstream }) => upstream.call('portfolio', '/positions', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/pnl',
    operation: 'listPnl',
    summary: 'Profit and loss in groups.',
    query: z.strictObject({ group: z.enum(['strategy', 'instrument', 'day', 'account']).default('strategy') }),
    answer: listOf(pnlView),
    example: { items: [example.pnl] },
    handle: ({ query }, { upstream }) => upstream.call('portfolio', '/pnl', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/equity',
    operation: 'listEquity',
    summary: 'The equity curve, oldest first, open profit included.',
    query: z.strictObject({
      account: accountField.optional(),
      fromUs: time,
      toUs: time,
      limit: z.coerce.number().int().min(1).max(5000).default(500),
    }),
    answer: listOf(equityPoint),
    example: { items: [example.equity] },
    handle: ({ query }, { upstream, account }) =>
      upstream.call('portfolio', '/equity', { query: { ...query, account: query.account ?? account } }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/ledger',
    operation: 'listLedger',
    summary: 'The book of entries, newest first.',
    query: z.strictObject({ account: accountField.optional(), ...page }),
    answer: listOf(ledgerView),
    example: { items: [{ account: 'paper', asset: 'USDT', amount: '100000' }] },
    handle: ({ query }, { upstream }) => upstream.call('portfolio', '/ledger', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/balances',
    operation: 'listBalances',
    summary: 'What each account holds of each asset.',
    query: z.strictObject({ account: accountField.optional() }),
    answer: listOf(balanceView),
    example: { items: [{ account: 'paper', asset: 'USDT', amount: '83937.37' }] },
    handle: ({ query }, { upstream }) => upstream.call('portfolio', '/balances', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/trial-balance',
    operation: 'getTrialBalance',
    summary: 'The sum of all entries of each asset: zero, or something is wrong.',
    answer: z.looseObject({}),
    example: { items: [{ asset: 'USDT', sum: '0' }] },
    handle: (_, { upstream }) => upstream.call('portfolio', '/trial-balance'),
  }),
]
