import { expect, test } from 'vitest'
import { decisionSchema } from '@contrail/contracts'
import { testStrategy } from '../testing/strategy-test.ts'
import type { TestDecision } from '../testing/strategy-test.ts'
import { syntheticCloses } from '../testing/synthetic.ts'
import pairSpread from './pair-spread.ts'
import rsiReversion from './rsi-reversion.ts'
import smaCross from './sma-cross.ts'

const body = decisionSchema.pick({ atUs: true, reasons: true, intents: true })
const wellFormed = (decisions: readonly TestDecision[]) => {
  for (const { number: _, ...rest } of decisions) expect(body.safeParse(rest).error).toBeUndefined()
}
const placed = (decision: TestDecision | undefined) =>
  decision?.intents.map((intent) =>
    intent.type === 'place' ? `${intent.side} ${intent.quantity} ${intent.tag}` : intent.type,
  )

test.each([
  [smaCross, { fast: 30, slow: 10 }, 'parameters.fast'],
  [smaCross, { instrument: 'btc' }, 'parameters.instrument'],
  [smaCross, { quantitty: 1 }, 'parameters'],
  [rsiReversion, { stopPercent: 0 }, 'parameters.stopPercent'],
  [pairSpread, { first: 'ETH-USDT' }, 'parameters.second'],
  [pairSpread, { entry: 0.5, exit: 0.5 }, 'parameters.entry'],
] as const)('$0.name refuses $1 by its name: $2', (definition, parameters, field) => {
  const issue = definition.parameters.safeParse(parameters).error?.issues[0]
  expect(['parameters', ...(issue?.path ?? [])].join('.')).toBe(field)
})

test('every parameter is described and has a default', () => {
  for (const definition of [smaCross, rsiReversion, pairSpread]) {
    const defaults = definition.parameters.parse({})
    const shape = (definition.parameters as unknown as { shape: Record<string, { description?: string }> }).shape
    expect(Object.keys(shape)).toEqual(Object.keys(defaults))
    for (const [name, field] of Object.entries(shape)) expect(field.description, name).toMatch(/.{10}/)
  }
})

test('sma-cross is long above, flat below, and says why', () => {
  const t = testStrategy(smaCross, { parameters: { fast: 2, slow: 4, quantity: 1 } })
  expect(t.candles([100, 100, 100, 100])).toEqual([])
  const up = t.candle(110)
  expect(placed(up)).toEqual(['buy 1 cross up'])
  expect(up?.reasons).toMatchObject({ fast: 105, slow: 102.5, trend: 'fast above slow', target: 1 })
  expect(t.candle(120)).toBeUndefined()
  expect(t.position().quantity).toBe(1)
  const down = t.candle(80)
  expect(placed(down)).toEqual(['sell 1 cross down'])
  t.candle(60)
  expect(t.position().quantity).toBe(0)
  wellFormed(t.decisions)
})

test('sma-cross goes short where allowed, by turning the position over', () => {
  const t = testStrategy(smaCross, { parameters: { fast: 1, slow: 3, quantity: 1, allowShort: true } })
  t.candles([100, 100, 110, 110, 50])
  t.candle(50)
  expect(t.position().quantity).toBe(-1)
})

test('sma-cross does not send a denied order again until the next crossing', () => {
  const t = testStrategy(smaCross, { parameters: { fast: 1, slow: 3, quantity: 1 }, fills: 'by-hand' })
  t.candles([100, 100, 110])
  t.deny(t.openOrders[0]!.orderId)
  expect(t.candles([111, 112, 113])).toEqual([])
  expect(placed(t.candles([50, 40, 130]).at(-1))).toEqual(['buy 1 cross up'])
})

const falling = Array.from({ length: 80 }, (_, i) => 200 - i)

test('rsi-reversion buys oversold and protects the fill with a stop and a target', () => {
  const t = testStrategy(rsiReversion, { parameters: { quantity: 1 }, fills: 'by-hand' })
  const entry = t.candles(falling)[0]
  expect(placed(entry)).toEqual(['buy 1 entry'])
  expect(entry?.reasons).toMatchObject({ rsi: 0, why: 'rsi is below 30' })
  const protection = t.fill('test-1-0', 100)
  expect(protection?.intents).toMatchObject([
    { side: 'sell', orderType: 'stop', stopPrice: '99.6', reduceOnly: true, tag: 'stop' },
    { side: 'sell', orderType: 'limit', price: '100.3', reduceOnly: true, tag: 'target' },
  ])
  const [stop, target] = protection!.intents.map((intent) => intent.type === 'place' && intent.orderId)
  expect(t.fill(target as string, 100.3)?.intents).toEqual([{ type: 'cancel', orderId: stop }])
  expect(t.position()).toMatchObject({ quantity: 0 })
  expect(t.position().realised).toBeCloseTo(0.3, 10)
})

test('rsi-reversion closes a position whose stop was denied', () => {
  const t = testStrategy(rsiReversion, { parameters: { quantity: 1 }, fills: 'by-hand' })
  t.candles(falling)
  t.fill('test-1-0', 100)
  t.deny('test-2-0')
  expect(t.candle(100)?.intents).toEqual([{ type: 'cancel', orderId: 'test-2-1' }])
  t.report('test-2-1', { type: 'cancelled', status: 'cancelled' })
  expect(placed(t.candle(100))).toEqual(['sell 1 leave'])
})

test('rsi-reversion buys back when stop and target have both filled', () => {
  const t = testStrategy(rsiReversion, { parameters: { quantity: 1 }, fills: 'by-hand' })
  t.candles(falling)
  t.fill('test-1-0', 100)
  t.fill('test-2-0', 99.6)
  expect(placed(t.fill('test-2-1', 100.3))).toEqual(['buy 1 both filled'])
})

test('pair-spread buys the cheap one, sells the dear one, and leaves at the mean', () => {
  const parameters = { first: 'SOL-USDT', second: 'ETH-USDT', period: 10, entry: 2, stop: 9, notional: 1000 }
  const t = testStrategy(pairSpread, { parameters })
  const bar = (sol: number, eth = 2000) => {
    t.candle(sol, { instrument: 'SOL-USDT' })
    return t.candle(eth, { instrument: 'ETH-USDT' })
  }
  for (let i = 0; i < 12; i++) bar(100 + (i % 2))
  const entry = bar(90)
  expect(placed(entry)).toEqual(['buy 11.1111 open', 'sell 0.5 open'])
  expect(entry?.reasons['why']).toBe('SOL-USDT is cheap against ETH-USDT')
  bar(92)
  expect(t.position({ instrument: 'SOL-USDT' }).quantity).toBe(11.1111)
  expect(t.position({ instrument: 'ETH-USDT' }).quantity).toBe(-0.5)
  expect(placed(bar(100))).toEqual(['sell 11.1111 close', 'buy 0.5 close'])
  bar(100)
  expect(t.position({ instrument: 'SOL-USDT' }).quantity).toBe(0)
})

test('pair-spread closes the leg that is left when the other was denied', () => {
  const t = testStrategy(pairSpread, { parameters: { period: 10, stop: 9 }, fills: 'by-hand' })
  const bar = (sol: number) =>
    [t.candle(sol, { instrument: 'SOL-USDT' }), t.candle(2000, { instrument: 'ETH-USDT' })][1]
  for (let i = 0; i < 12; i++) bar(100 + (i % 2))
  bar(90)
  t.fill('test-1-0', 90)
  t.deny('test-1-1')
  expect(bar(90)).toMatchObject({ reasons: { why: 'one leg is missing' }, intents: [{ side: 'sell', tag: 'close' }] })
})

test.each([
  [smaCross, { timeframe: '1s', fast: 5, slow: 20 }, ['BTC-USDT']],
  [rsiReversion, { timeframe: '1s' }, ['ETH-USDT']],
  [pairSpread, { timeframe: '1s' }, ['SOL-USDT', 'ETH-USDT']],
] as const)(
  '$name trades ten minutes of a synthetic market the same way through restarts',
  (definition, parameters, names) => {
    const run = (restartEvery: number) => {
      const t = testStrategy<unknown, unknown>(definition, { parameters, feeBps: 5 })
      const markets = names.map((name, i) => syntheticCloses(7 + i, name.startsWith('BTC') ? 65_000 : 150, 600))
      for (let second = 0; second < 600; second++) {
        names.forEach((instrument, i) => t.candle(markets[i]![second]!, { instrument }))
        if (second % restartEvery === restartEvery - 1) t.restart()
      }
      return t
    }
    const whole = run(Infinity)
    const fills = whole.decisions
      .flatMap((decision) => decision.intents)
      .filter((intent) => intent.type === 'place').length
    expect(fills).toBeGreaterThan(4)
    wellFormed(whole.decisions)
    expect(JSON.stringify(run(17).decisions)).toBe(JSON.stringify(whole.decisions))
  },
)
