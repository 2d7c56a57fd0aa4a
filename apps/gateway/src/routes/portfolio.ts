import { z } from 'zod'
import {
  accountField,
  decimalField,
  equityPoint,
  pnlView,
  positionView,
  strategyField,
  usField,
} from '@contrail/contracts'
import * as example from './examples.ts'
import { listOf, page, route, time } from './kit.ts'

const base = { tag: 'portfolio', service: 'portfolio' } as const
const ledgerView = z.object({
  transaction: z.number().int(),
  line: z.number().int(),
  key: z.string(),
  kind: z.string(),
  reverses: z.number().int().nullable(),
  account: accountField,
  strategy: strategyField.nullable(),
  ledger: z.string(),
  asset: z.string(),
  amount: decimalField,
  description: z.string(),
  venue: z.string().nullable(),
  instrument: z.string().nullable(),
  atUs: usField,
})
const balanceView = z.object({
  account: accountField,
  asset: z.string(),
  amount: decimalField,
  cash: decimalField,
  inventory: decimalField,
})
const trialView = z.object({
  items: z.array(z.object({ asset: z.string(), sum: decimalField, entries: z.number().int() })),
  balanced: z.boolean(),
})

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
    example: { items: [example.ledger] },
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
    example: {
      items: [{ account: 'paper', asset: 'USDT', amount: '83937.37', cash: '83937.37', inventory: '0' }],
    },
    handle: ({ query }, { upstream }) => upstream.call('portfolio', '/balances', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/trial-balance',
    operation: 'getTrialBalance',
    summary: 'The sum of all entries of each asset: zero, or something is wrong.',
    answer: trialView,
    example: { items: [{ asset: 'USDT', sum: '0', entries: 42 }], balanced: true },
    handle: (_, { upstream }) => upstream.call('portfolio', '/trial-balance'),
  }),
]
