import type {
  CandleView,
  EquityPoint,
  FillView,
  HaltView,
  Instrument,
  OrderView,
  PnlView,
  PositionView,
  StrategyView,
} from '@contrail/contracts'
import { Refusal } from '@contrail/contracts'
import { createHttp, createLogger, createMetrics, jsonBody, listen } from '@contrail/runtime'
import { researchStandIn } from './stand-in-research.ts'

export const INTERNAL_TOKEN = 'internal-token-of-a-test'

type Told = {
  method: string
  path: string
  query: string
  body: unknown
  key: string | undefined
  by: string | undefined
}

/** The services behind the gateway, for its tests: what they say is set by the test, what they were told is kept. */
export type StandIn = {
  readonly url: string
  readonly told: Told[]
  readonly says: {
    instruments: Instrument[]
    candles: (query: URLSearchParams) => CandleView[]
    orders: OrderView[]
    fills: FillView[]
    positions: PositionView[]
    pnl: PnlView[]
    equity: EquityPoint[]
    strategies: StrategyView[]
    halts: HaltView[]
    feeds: object[]
  }
  /** Called before each answer: may wait, or throw. */
  before: (method: string, path: string) => Promise<void> | void
  onHalt: (halt: HaltView) => Promise<void> | void
  close(): Promise<void>
}

export async function startStandIn(says: Partial<StandIn['says']> = {}): Promise<StandIn> {
  const log = createLogger({ name: 'stand-in', level: 'silent' })
  const app = createHttp({ name: 'stand-in', log, metrics: createMetrics(), internalToken: INTERNAL_TOKEN })
  const standIn: Omit<StandIn, 'url' | 'close'> = {
    told: [],
    says: {
      instruments: [],
      candles: () => [],
      orders: [],
      fills: [],
      positions: [],
      pnl: [],
      equity: [],
      strategies: [],
      halts: [],
      feeds: [],
      ...says,
    },
    before: () => undefined,
    onHalt: () => undefined,
  }
  app.use(async (c, next) => {
    const { searchParams } = new URL(c.req.url)
    const body = c.req.method === 'GET' ? undefined : await jsonBody(c)
    const key = c.req.header('idempotency-key')
    const by = c.req.header('x-contrail-by')
    if (c.req.path !== '/readyz')
      standIn.told.push({ method: c.req.method, path: c.req.path, query: searchParams.toString(), body, key, by })
    await standIn.before(c.req.method, c.req.path)
    await next()
  })
  const lists = ['instruments', 'orders', 'fills', 'positions', 'pnl', 'strategies', 'halts', 'feeds'] as const
  for (const name of lists) app.get(`/${name}`, (c) => c.json({ items: standIn.says[name] }))
  app.get('/candles', (c) => c.json({ items: standIn.says.candles(new URL(c.req.url).searchParams) }))
  app.get('/equity', (c) => {
    const limit = Number(c.req.query('limit') ?? 500)
    return c.json({ items: standIn.says.equity.slice(-limit) })
  })
  app.get('/trial-balance', (c) => c.json({ items: [], balanced: true }))
  for (const name of ['ledger', 'balances', 'definitions']) app.get(`/${name}`, (c) => c.json({ items: [] }))
  app.get('/orders/:id', (c) => c.json(orderOf(standIn.says.orders, c.req.param('id'))))
  app.delete('/orders/:id', (c) => {
    const { orderId } = orderOf(standIn.says.orders, c.req.param('id'))
    return c.json({ orderId, number: 4 }, 202)
  })
  app.get('/orders/:id/explain', (c) =>
    c.json({
      order: orderOf(standIn.says.orders, c.req.param('id')),
      decision: { number: 1, reasons: { fast: 2, slow: 1 } },
      checks: [{ control: 'C2', limit: '1000000', found: '16062.6', passed: true }],
      attempts: [],
      reports: [],
    }),
  )
  app.post('/orders', (c) => c.json({ orderId: 'manual-3-0', number: 3, account: 'paper' }, 202))
  app.post('/halts', async (c) => {
    const told = standIn.told.at(-1)?.body as Omit<HaltView, 'atUs'>
    const halt = { ...told, atUs: 1_767_225_600_000_000 } as HaltView
    await standIn.onHalt(halt)
    standIn.says.halts = [halt]
    return c.json({ ...halt, ...(halt.state === 'halted' ? { cancelled: { asked: 1, open: 0 } } : {}) })
  })
  strategyRoutes(app, standIn.says)
  researchStandIn(app)
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  return Object.assign(standIn, server)
}

function strategyRoutes(app: ReturnType<typeof createHttp>, says: StandIn['says']): void {
  const found = (id: string) => {
    const card = says.strategies.find(({ strategy }) => strategy === id)
    if (!card) throw new Refusal('not_found', 'strategy', id, 'see /v1/strategies')
    return card
  }
  app.post('/strategies', (c) => c.json(says.strategies[0], 201))
  app.get('/strategies/:id', (c) => c.json(found(c.req.param('id'))))
  app.get('/strategies/:id/events', (c) => c.json({ items: [] }))
  app.patch('/strategies/:id/parameters', (c) => c.json(found(c.req.param('id'))))
  const states = { start: 'running', pause: 'paused', resume: 'running', stop: 'stopped' } as const
  for (const [verb, desired] of Object.entries(states))
    app.post(`/strategies/:id/${verb}`, (c) => {
      const card = found(c.req.param('id'))
      Object.assign(card, { desired, actual: desired })
      return c.json(card)
    })
}

function orderOf(orders: OrderView[], id: string): OrderView {
  const order = orders.find(({ orderId }) => orderId === id)
  if (!order) throw new Refusal('not_found', 'orderId', id, 'see /v1/orders')
  return order
}
