import { signalSchema } from '@contrail/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPlainlyFit, signalCheck } from './fit.ts'

const head = { tenant: 'main', account: 'paper', strategy: 's1' }
const place = {
  type: 'place',
  orderId: 's1-1-0',
  venue: 'sim',
  instrument: 'BTC-USDT',
  side: 'buy',
  quantity: '0.01',
  orderType: 'limit',
  price: '100.5',
  timeInForce: 'GTC',
  postOnly: false,
  reduceOnly: false,
}
const amend = { type: 'amend', orderId: 's1-1-0', price: '101' }
const cancel = { type: 'cancel', orderId: 's1-1-0' }
const decision = {
  schema: 1,
  ...head,
  kind: 'decision',
  epoch: 1,
  number: 1,
  cause: { stream: 'MD', sequence: 7, subject: 'md.ticks.sim.BTC-USDT' },
  trail: [['MD', 7]],
  atUs: 1,
  reasons: { fast: 1.5, why: 'crossed', up: true, slow: null },
  intents: [place, amend, cancel],
}

/** Every place in the message, as a path. */
function paths(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...at]]
  return [[...at], ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...at, key]))]
}

function changed(path: readonly string[], value: unknown): unknown {
  const copy = structuredClone({ root: decision as unknown })
  let target = copy as Record<string, unknown>
  for (const key of ['root', ...path].slice(0, -1)) target = target[key] as Record<string, unknown>
  const last = ['root', ...path].at(-1) as string
  if (value === undefined) delete target[last]
  else target[last] = value
  return copy.root
}

describe('a quick look at a decision', () => {
  test('lets a plain one through', () => {
    expect(isPlainlyFit(decision, head)).toBe(true)
  })

  test('never says yes where the schema says no', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        undefined,
        null,
        -1,
        0,
        1.5,
        NaN,
        Infinity,
        2 ** 53,
        '',
        '0',
        '-1',
        '1e5',
        ' 1',
        '1\n',
        'BTC',
        true,
      ),
      fc.constantFrom(
        {},
        [],
        [[]],
        [['MD']],
        [['MD', 1, 1]],
        { extra: 1 },
        'x'.repeat(33),
        'a.b',
        new Date(0),
        new Map(),
      ),
      fc.anything(),
      fc.string(),
      fc.double(),
    )
    fc.assert(
      fc.property(fc.constantFrom(...paths(decision)), odd, (path, value) => {
        const message = changed(path, value)
        const fit = typeof message === 'object' && message !== null && isPlainlyFit(message as never, head)
        return !fit || signalSchema.safeParse(message).success
      }),
      { numRuns: 3_000 },
    )
  })

  test('never lets an unknown field through', () => {
    const objects: string[][] = [[], ['cause'], ['intents', '0'], ['intents', '1'], ['intents', '2']]
    for (const path of objects) expect(isPlainlyFit(changed([...path, 'more'], 1) as never, head)).toBe(false)
  })
})

describe('the check of a signal', () => {
  test('the first message of a strategy, and every odd one, is judged by the schema', () => {
    const isFit = signalCheck()
    expect(() => isFit({ ...decision, tenant: 'no.dots' })).toThrow(/decision.tenant/)
    isFit(decision)
    isFit({ ...decision, intents: [{ ...place, tag: 'entry' }] })
    expect(() => isFit({ ...decision, account: 'no.dots' })).toThrow(/decision.account/)
    expect(() => isFit({ ...decision, intents: [{ ...place, quantity: '-1' }] })).toThrow(/intents/)
    expect(() => isFit({ ...decision, more: 1 })).toThrow(/decision/)
  })
})
