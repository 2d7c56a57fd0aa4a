import { encodeJson, encodeTick, subjects } from '@contrail/contracts'
import type {
  CandleView,
  Confirm,
  Decision,
  EquityPoint,
  FillView,
  Instrument,
  OrderView,
  StrategyView,
} from '@contrail/contracts'
import type { Bus } from '@contrail/runtime'

/** A small market with a past, for looking at the page: seeded, so that screenshots can be compared. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const COINS: [string, number, string, string][] = [
  ['BTC', 64_250, '0.1', '0.0001'],
  ['ETH', 3_120.5, '0.01', '0.001'],
  ['SOL', 148.32, '0.01', '0.01'],
  ['XRP', 0.5312, '0.0001', '1'],
  ['ADA', 0.4471, '0.0001', '1'],
]
export const instruments = COINS.map(
  ([base, , tickSize, lotSize]) =>
    ({
      venue: 'sim',
      instrument: `${base}-USDT`,
      kind: 'spot',
      base,
      quote: 'USDT',
      tickSize,
      lotSize,
      minQuantity: lotSize,
      minNotional: '5',
      makerFeeBps: 5,
      takerFeeBps: 10,
    }) as unknown as Instrument,
)
export const startPrice = (instrument: string): number =>
  COINS.find(([base]) => instrument === `${base}-USDT`)?.[1] ?? 100

export function pastCandles(instrument: string, frameUs: number, endUs: number, count: number): CandleView[] {
  const random = seeded(instrument.length * 7919 + count)
  const bars: CandleView[] = []
  let price = startPrice(instrument)
  const step = price * 0.0011 * Math.sqrt(frameUs / 60e6)
  for (let i = 0; i < count; i++) {
    const open = price
    let [high, low] = [open, open]
    for (let move = 0; move < 12; move++) {
      price += (random() - 0.5 + Math.sin(i / 17) * 0.08) * step
      high = Math.max(high, price)
      low = Math.min(low, price)
    }
    const openTimeUs = (Math.floor(endUs / frameUs) - count + i) * frameUs
    const volume = 4 + random() * 20
    bars.push({ openTimeUs, open, high, low, close: price, volume, trades: 40 + i } as CandleView)
  }
  const shift = startPrice(instrument) - price
  return bars.map((bar) => ({
    ...bar,
    open: bar.open + shift,
    high: bar.high + shift,
    low: bar.low + shift,
    close: bar.close + shift,
  }))
}

export function pastEquity(endUs: number, count: number): EquityPoint[] {
  const random = seeded(42)
  let cents = 10_000_000
  return Array.from({ length: count }, (_, index) => {
    cents += Math.round((random() - 0.47) * 900)
    const equity = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
    return { atUs: endUs - (count - index) * 5_000_000, account: 'paper', currency: 'USDT', equity } as EquityPoint
  })
}

export const strategies = (nowUs: number): StrategyView[] =>
  [
    [
      'sma-demo',
      'sma-cross',
      { instrument: 'BTC-USDT', timeframe: '1m', fast: 10, slow: 30, quantity: 0.25 },
      'warmed_up',
    ],
    ['rsi-demo', 'rsi-reversion', { instrument: 'ETH-USDT', period: 14, low: 30, high: 70, stopBps: 80 }, 'warmed_up'],
    ['spread-demo', 'spread', { first: 'SOL-USDT', second: 'ETH-USDT', window: 120, entry: 2 }, 'stopped'],
  ].map(
    ([strategy, definition, parameters, actual], index) =>
      ({
        strategy,
        account: 'paper',
        definition,
        code: 'a3'.repeat(32),
        parameters,
        parametersSchema: {},
        desired: actual === 'stopped' ? 'stopped' : 'running',
        actual,
        detail: '',
        revision: 1,
        decisions: index === 0 ? 17 : 0,
        updatedUs: nowUs,
      }) as unknown as StrategyView,
  )

export function order(number: number, atUs: number, change: Partial<Record<keyof OrderView, unknown>> = {}): OrderView {
  return {
    orderId: `sma-demo-${number}-0`,
    clOrdId: `sma-demo-${number}-0-1`,
    account: 'paper',
    strategy: 'sma-demo',
    venue: 'sim',
    instrument: 'BTC-USDT',
    side: number % 2 === 0 ? 'sell' : 'buy',
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
    createdUs: atUs,
    updatedUs: atUs,
    ...change,
  } as OrderView
}

export function fillOf(one: OrderView, index: number): FillView {
  const { orderId, account, strategy, venue, instrument, side, createdUs } = one
  return {
    orderId,
    account,
    strategy,
    venue,
    instrument,
    side,
    tradeId: `old-${index}`,
    quantity: '0.25',
    price: '64250.5',
    fee: '16.06',
    feeAsset: 'USDT',
    liquidity: 'taker',
    venueTimeUs: createdUs,
    atUs: createdUs,
  } as FillView
}

/** What the services publish: for a bus of the operator. */
export class World {
  readonly #bus: Bus
  #serial = 0
  constructor(bus: Bus) {
    this.#bus = bus
  }

  async tick(instrument: string, price: number, atUs: number): Promise<void> {
    const tick = { tradeId: `t${++this.#serial}`, side: 'buy', price, quantity: 0.02 }
    const data = encodeTick({ ...tick, venueTimeUs: atUs, receiveTimeUs: atUs } as never)
    await this.#bus.publish(subjects.tick('sim', instrument), data)
  }

  async feed(instrument: string, status: string, atUs: number): Promise<void> {
    const value = { schema: 1, status, detail: '', refused: {}, receiveTimeUs: atUs }
    await this.#bus.publish(subjects.feedStatus('sim', instrument), encodeJson(value))
  }

  async decide(number: number, atUs: number, reasons: Record<string, number | string>): Promise<void> {
    const place = { type: 'place', orderId: `sma-demo-${number}-0`, venue: 'sim', instrument: 'BTC-USDT', side: 'buy' }
    const decision = {
      schema: 1,
      tenant: 'main',
      account: 'paper',
      strategy: 'sma-demo',
      epoch: 1,
      number,
      kind: 'decision',
      cause: { stream: 'MD', sequence: 1, subject: 'md.candles.sim.BTC-USDT.1m' },
      trail: [['MD', 1]],
      atUs,
      reasons,
      intents: [
        { ...place, quantity: '0.25', orderType: 'market', timeInForce: 'IOC', postOnly: false, reduceOnly: false },
      ],
    } as unknown as Decision
    await this.#bus.publish(subjects.signal('sma-demo'), encodeJson(decision))
  }

  async fill(number: number, price: string, atUs: number): Promise<void> {
    const id = ++this.#serial
    const fill = { tradeId: `p-${id}`, quantity: '0.25', price, fee: '16.06', feeAsset: 'USDT', liquidity: 'taker' }
    const confirm = {
      schema: 1,
      reportId: String(id),
      type: 'filled',
      tenant: 'main',
      account: 'paper',
      strategy: 'sma-demo',
      orderId: `sma-demo-${number}-0`,
      venue: 'sim',
      instrument: 'BTC-USDT',
      side: number % 2 === 0 ? 'sell' : 'buy',
      orderType: 'market',
      quantity: '0.25',
      status: 'filled',
      cumQuantity: '0.25',
      leavesQuantity: '0',
      fill: { ...fill, venueTimeUs: atUs },
      atUs,
    } as unknown as Confirm
    await this.#bus.publish(subjects.confirm('paper', 'sma-demo'), encodeJson(confirm))
  }

  async position(quantity: string, averagePrice: string, atUs: number, instrument = 'BTC-USDT', strategy = 'sma-demo') {
    const value = {
      schema: 1,
      tenant: 'main',
      account: 'paper',
      strategy,
      venue: 'sim',
      instrument,
      quantity,
      averagePrice,
      realised: '128.4425',
      fees: '64.2403125',
      fills: 4,
      sequence: 1,
      atUs,
    }
    const kv = await this.#bus.kv('positions')
    await kv.put(`paper.${strategy}.sim.${instrument}`, encodeJson(value))
  }

  async alert(severity: string, kind: string, text: string, atUs: number): Promise<void> {
    const about = { strategy: 'sma-demo', subject: 'trades.confirm.paper.sma-demo' }
    const alert = { schema: 1, severity, kind, source: 'portfolio', text, about, atUs }
    await this.#bus.publish(subjects.alert(severity, kind), encodeJson(alert))
  }

  async halt(state: string, reason: string, atUs: number): Promise<void> {
    const kv = await this.#bus.kv('halts')
    await kv.put('platform', encodeJson({ schema: 1, state, reason, by: 'admin-page', atUs }))
  }
}
