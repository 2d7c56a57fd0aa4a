import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rsi } from '../indicators/rsi.ts'
import { Sma } from '../indicators/sma.ts'
import { restoreState, snapshotState } from './state.ts'

const through = (snapshot: unknown): unknown => JSON.parse(JSON.stringify(snapshot))

test('indicators in objects and arrays are restored in place, and shared ones stay shared', () => {
  const make = () => {
    const fast = new Sma(2)
    return { fast, list: [{ rsi: new Rsi(2) }, { rsi: new Rsi(3) }], again: fast, n: 0 }
  }
  const before = make()
  for (const x of [1, 2, 4, 3]) for (const each of [before.fast, ...before.list.map(({ rsi }) => rsi)]) each.update(x)
  before.n = 7
  const after = make()
  const same = restoreState(after, through(snapshotState(before)))
  expect(same).toBe(after)
  expect(after.fast.value).toBe(3.5)
  expect(after.again).toBe(after.fast)
  expect(after.list[1]!.rsi.value).toBe(before.list[1]!.rsi.value)
  expect(after.n).toBe(7)
})

test('what JSON cannot say survives, and what was deleted stays deleted', () => {
  const before: Record<string, unknown> = {
    nan: NaN,
    up: Infinity,
    down: -Infinity,
    zero: -0,
    none: undefined,
    big: 10n ** 30n,
    history: Float64Array.of(1, NaN, -0),
    nested: [[NaN]],
    gone: 1,
  }
  delete before['gone']
  const after = restoreState({ gone: 1, history: new Float64Array(3), other: 2 }, through(snapshotState(before)))
  expect(after).toStrictEqual(before)
})

test('any plain state comes back as it was', () => {
  const plain = fc.object({
    key: fc.string().filter((key) => !key.startsWith('$') && key !== '__proto__'),
    values: [fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.bigInt()],
    maxDepth: 3,
  })
  fc.assert(
    fc.property(plain, (state) => {
      expect(restoreState({}, through(snapshotState(state)))).toStrictEqual(state)
    }),
  )
})

class Odd {}
test.each([
  ['state.a.b[1]', { a: { b: [1, new Map()] } }, 'a Map'],
  ['state.seen', { seen: new Set() }, 'a Set'],
  ['state.at', { at: new Date(0) }, 'a Date'],
  ['state.f', { f: () => 1 }, 'a function'],
  ['state.odd', { odd: new Odd() }, 'a Odd'],
  ['state.s', { s: Symbol('x') }, 'a symbol'],
])('%s is refused with its path', (path, state, found) => {
  expect(() => snapshotState(state)).toThrow(expect.objectContaining({ code: 'state_not_storable', field: path }))
  expect(() => snapshotState(state)).toThrow(found)
})

test('a cycle, one object in two places, a taken name and too much are refused', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  expect(() => snapshotState(cycle)).toThrow(/state.self.*one object in one place/)
  const shared = { n: 1 }
  expect(() => snapshotState({ a: shared, b: shared })).toThrow(/state.b/)
  expect(() => snapshotState({ $number: 1 })).toThrow(/state.\$number/)
  expect(() => snapshotState({ history: new Float64Array(60_000) })).toThrow(/state.history.*keep less history/)
})

test('an indicator that state() does not make cannot be restored, and says so', () => {
  const saved = through(snapshotState({ late: new Sma(3) }))
  expect(() => restoreState({}, saved)).toThrow(/state.late.*make this object in state/)
  expect(() => restoreState({ late: new Sma(4) }, saved)).toThrow(/restore a snapshot of sma\(4\)/)
})
