/** One of each, shown in the OpenAPI document and checked against its schema by a test. */
const at = 1_767_225_600_000_000
const market = { venue: 'sim', instrument: 'BTC-USDT' }
const owner = { account: 'paper', strategy: 'sma-demo' }

export const order = {
  orderId: 'sma-demo-17-0',
  clOrdId: 'sma-demo-17-0-1',
  ...owner,
  ...market,
  side: 'buy',
  orderType: 'market',
  quantity: '0.25',
  price: null,
  stopPrice: null,
  timeInForce: 'IOC',
  status: 'filled',
  cumQuantity: '0.25',
  leavesQuantity: '0',
  averagePrice: '64250.5',
  reason: null,
  createdUs: at,
  updatedUs: at + 21_000,
}
export const fill = {
  tradeId: 'p-1041',
  quantity: '0.25',
  price: '64250.5',
  fee: '16.062625',
  feeAsset: 'USDT',
  liquidity: 'taker',
  venueTimeUs: at + 20_000,
  orderId: order.orderId,
  ...owner,
  ...market,
  side: 'buy',
  atUs: at + 21_000,
}
export const position = {
  ...owner,
  ...market,
  quantity: '0.25',
  averagePrice: '64250.5',
  mark: '64300',
  realised: '-16.062625',
  unrealised: '12.375',
  fees: '16.062625',
  fills: 1,
  atUs: at + 21_000,
}
export const pnl = {
  group: 'sma-demo',
  currency: 'USDT',
  realised: '-16.062625',
  unrealised: '12.375',
  fees: '16.062625',
  fills: 1,
}
export const ledger = {
  transaction: 1,
  line: 1,
  key: 'deposit:paper',
  kind: 'deposit',
  reverses: null,
  account: 'paper',
  strategy: null,
  ledger: 'cash',
  asset: 'USDT',
  amount: '100000',
  description: 'start',
  venue: null,
  instrument: null,
  atUs: at,
}
export const equity = { atUs: at, account: 'paper', currency: 'USDT', equity: '99996.312375' }
export const candle = {
  openTimeUs: at,
  open: 64250,
  high: 64310.5,
  low: 64240,
  close: 64300,
  volume: 12.75,
  trades: 181,
}
export const feed = {
  ...market,
  status: 'live',
  detail: '',
  refused: { crossed_quote: 1 },
  ticks: 8214,
  lateTrades: 0,
  lastPrice: 64300,
  receiveTimeUs: at,
}
export const instrument = {
  ...market,
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.1',
  lotSize: '0.0001',
  minQuantity: '0.0001',
  minNotional: '5',
  makerFeeBps: 5,
  takerFeeBps: 10,
}
export const strategy = {
  strategy: 'sma-demo',
  account: 'paper',
  definition: 'sma-cross',
  code: 'a3'.repeat(32),
  parameters: { instrument: 'BTC-USDT', fast: 10, slow: 30 },
  parametersSchema: { type: 'object' },
  desired: 'running',
  actual: 'warmed_up',
  detail: '',
  revision: 1,
  decisions: 17,
  updatedUs: at,
}
export const halt = { scope: 'platform', state: 'halted', reason: 'maintenance', by: 'token', atUs: at }
export const alert = {
  sequence: 7,
  severity: 'critical',
  kind: 'strategy_halted',
  source: 'engine-1',
  text: 'sma-demo halted: a handler threw: no price at strategies/sma-demo.ts:12',
  about: { strategy: 'sma-demo', subject: 'orders.signal.sma-demo' },
  atUs: at,
}
export const laidAside = { by: 'admin', reason: 'a message of a test', atUs: at }
export const deadLetter = {
  letter: 3,
  stream: 'TRADES',
  consumer: 'portfolio',
  subject: 'trades.confirm.paper.sma-demo',
  sequence: 12,
  cause: 'Refusal: confirm: "{"half" refused (bad_json); send JSON',
  attempts: 1,
  putBack: false,
  laidAside,
  atUs: at,
}
export const explain = {
  order,
  decision: { number: 17, reasons: { fast: 64251.2, slow: 64249.9 } },
  checks: [{ control: 'C2', limit: '1000000', found: '16062.6', passed: true }],
  attempts: [{ attempt: 1, clOrdId: 'sma-demo-17-0-1', state: 'accepted', atUs: at }],
  reports: [],
}
export const event = {
  id: 12,
  kind: 'event',
  name: 'started',
  by: 'engine-1',
  detail: '',
  epoch: 1,
  decisions: 0,
  atUs: at,
}
export const asked = { orderId: 'manual-3-0', number: 3, account: 'paper' }
export const manualOrder = { ...market, side: 'buy', quantity: '0.25' }
export const NOW_US = at
