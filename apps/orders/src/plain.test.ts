import { expect, test } from 'vitest'
import { signalSchema } from '@contrail/contracts'
import { plainDecision } from './plain.ts'

const intent = {
  type: 'place',
  orderId: 's1-3-0',
  venue: 'sim',
  instrument: 'BTC-USDT',
  side: 'buy',
  quantity: '0.01',
  orderType: 'limit',
  timeInForce: 'GTC',
  postOnly: false,
  reduceOnly: false,
  price: '99.5',
}
const decision = {
  schema: 1,
  tenant: 'main',
  account: 'paper',
  strategy: 's1',
  epoch: 1,
  number: 3,
  kind: 'decision',
  cause: { stream: 'MD', sequence: 7, subject: 'md.ticks.sim.BTC-USDT' },
  trail: [['MD', 7]],
  atUs: 1_700_000_000_000_000,
  reasons: { fast: 1.5, slow: null, why: 'crossed', up: true },
  intents: [intent],
}
type Loose = Record<string, unknown>
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

test('the usual decision is read as the schema reads it', () => {
  const { price, ...market } = intent
  for (const one of [
    intent,
    { ...market, orderType: 'market' },
    { ...intent, orderType: 'stop_limit', stopPrice: price },
  ]) {
    const value = { ...decision, intents: [one] }
    expect(plainDecision(bytesOf(value))).toEqual(signalSchema.parse(value))
  }
})

/** One field after another is left out, doubled under another name, or made any of these. */
const ODD = [
  undefined,
  null,
  '',
  'x',
  '-1',
  '0',
  '00',
  '1.',
  'A-B',
  0,
  1,
  -1,
  1.5,
  2 ** 53,
  true,
  [],
  {},
  [[]],
  ['MD', 1],
  [['MD', 1]],
]
const longer = 'x'.repeat(33)

test('what it takes, the schema takes as the same; whatever else goes to the schema', () => {
  let [taken, left] = [0, 0]
  const both = (value: unknown) => {
    const [own, law] = [plainDecision(bytesOf(value)), signalSchema.safeParse(JSON.parse(JSON.stringify(value)))]
    if (own === undefined) return void left++
    taken++
    expect(law.success, JSON.stringify(value)).toBe(true)
    expect(own).toEqual(law.data)
  }
  for (const odd of [...ODD, longer]) {
    for (const name of [...Object.keys(decision), 'other']) both({ ...decision, [name]: odd })
    for (const name of [...Object.keys(intent), 'other', 'tag', 'oco', 'stopPrice'])
      both({ ...decision, intents: [{ ...intent, [name]: odd }] })
    for (const name of ['stream', 'sequence', 'subject', 'other'])
      both({ ...decision, cause: { ...decision.cause, [name]: odd } })
    both({ ...decision, reasons: { odd } })
    both({ ...decision, intents: [intent, odd] })
    both({ ...decision, trail: [['MD', 1], odd] })
  }
  expect(taken).toBeGreaterThan(40)
  expect(left).toBeGreaterThan(400)
})

test('bytes that are no decision are left to the schema', () => {
  const text = JSON.stringify(decision)
  for (const bytes of [
    Buffer.from('{'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('null'),
    Buffer.from('[]'),
    Buffer.from(text.replace('1.5', '1e999')),
    Buffer.from(text.replace('"fast"', '"__proto__"')),
  ])
    expect(plainDecision(bytes)).toBeUndefined()
  const cancel: Loose = { ...decision, intents: [{ type: 'cancel', orderId: 's1-3-0' }] }
  expect(plainDecision(bytesOf(cancel))).toBeUndefined()
})
