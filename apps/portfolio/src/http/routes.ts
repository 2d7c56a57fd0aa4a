import { accountField, check, strategyField } from '@contrail/contracts'
import type { Hono } from 'hono'
import { z } from 'zod'
import { listBalances, listEquity, listLedger, listPnl, listPositions, trialBalance } from './queries.ts'
import type { Books } from './queries.ts'

const time = z.coerce.number().int().nonnegative().optional()
const positionsQuery = z.strictObject({ account: accountField.optional(), strategy: strategyField.optional() })
const pnlQuery = z.strictObject({ group: z.enum(['strategy', 'instrument', 'day', 'account']).default('strategy') })
const accountQuery = z.strictObject({ account: accountField.optional() })
const ledgerQuery = z.strictObject({
  account: accountField.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(60).optional(),
})
const equityQuery = z.strictObject({
  account: accountField.optional(),
  fromUs: time,
  toUs: time,
  limit: z.coerce.number().int().min(1).max(5000).default(500),
})

export function routes(app: Hono, books: Books, account: string, nowUs: () => number): void {
  app.get('/positions', async (c) => {
    const query = check(positionsQuery, c.req.query(), 'query')
    return c.json({ items: await listPositions(books, query) })
  })
  app.get('/pnl', async (c) => {
    const { group } = check(pnlQuery, c.req.query(), 'query')
    return c.json({ items: await listPnl(books, group, nowUs()) })
  })
  app.get('/equity', async (c) => {
    const query = check(equityQuery, c.req.query(), 'query')
    return c.json({ items: await listEquity(books, { ...query, account: query.account ?? account }) })
  })
  app.get('/ledger', async (c) => c.json(await listLedger(books, check(ledgerQuery, c.req.query(), 'query'))))
  app.get('/balances', async (c) => {
    const query = check(accountQuery, c.req.query(), 'query')
    return c.json({ items: await listBalances(books, query.account) })
  })
  app.get('/trial-balance', async (c) => c.json(await trialBalance(books)))
}
