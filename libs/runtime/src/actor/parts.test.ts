import { expect, test } from 'vitest'
import { canonicalJson, firstDifference } from './canonical.ts'
import { parseCrashAt } from './crash-point.ts'
import { Gate } from './gate.ts'
import { Mailboxes } from './mailbox.ts'
import { Trail } from './trail.ts'

test('a trail is run-length: one entry per change of stream', () => {
  const trail = new Trail()
  for (const [stream, sequence] of [
    ['MD', 1],
    ['MD', 2],
    ['MD', 1000],
    ['TRADES', 5],
    ['MD', 1010],
  ] as const)
    trail.add(stream, sequence)
  const copy = trail.copy()
  expect(trail.take()).toEqual([
    ['MD', 1000],
    ['TRADES', 5],
    ['MD', 1010],
  ])
  trail.add('MD', 1011)
  expect(trail.take()).toEqual([['MD', 1011]])
  trail.restore(copy)
  trail.add('MD', 1012)
  expect(trail.take().at(-1)).toEqual(['MD', 1012])
  expect(copy.at(-1)).toEqual(['MD', 1010])
})

test('equal values have one canonical text, whatever the order of their keys', () => {
  expect(canonicalJson({ b: [1, { d: undefined, c: 'x' }], a: null })).toBe('{"a":null,"b":[1,{"c":"x"}]}')
  expect(firstDifference({ a: { b: [1, 2] } }, { a: { b: [1, 3] } })).toBe('a.b.1: recorded 2, made again 3')
  expect(firstDifference({ a: 1 }, { a: 1, z: 2 })).toBe('z: recorded null, made again 2')
  expect(firstDifference({ a: [1] }, { a: [1] })).toBeUndefined()
})

test('subjects find their receivers, with wildcards, and changes count at once', () => {
  const mailboxes = new Mailboxes<string>()
  mailboxes.add('md.a', 'x')
  mailboxes.add('trades.confirm.*.s', 'x')
  mailboxes.add('md.>', 'y')
  expect(mailboxes.route('md.a').list).toEqual(['y', 'x'])
  expect(mailboxes.route('md').list).toEqual([])
  expect(mailboxes.route('trades.confirm.paper.s').list).toEqual(['x'])
  expect(mailboxes.route('trades.confirm.paper.t').list).toEqual([])
  mailboxes.add('trades.confirm.paper.t', 'z')
  expect(mailboxes.route('trades.confirm.paper.t').list).toEqual(['z'])
  mailboxes.remove('md.>', 'y')
  expect(mailboxes.route('md.a').list).toEqual(['x'])
  mailboxes.remove('md.a', 'x')
  mailboxes.remove('trades.confirm.*.s', 'x')
  expect(mailboxes.empty).toBe(false)
  mailboxes.remove('trades.confirm.paper.t', 'z')
  expect(mailboxes.empty).toBe(true)
})

test('a crash point is one of those there are', () => {
  expect(parseCrashAt(undefined)).toBeUndefined()
  expect(parseCrashAt('actor.activated:3')).toEqual({ point: 'actor.activated', passes: 3 })
  expect(() => parseCrashAt('actor.nowhere')).toThrow('is not one of actor.before_publish')
  expect(() => parseCrashAt('actor.activated:0')).toThrow('is not one of')
})

test('a gate lets so many through at once, the rest in order', async () => {
  const gate = new Gate(2)
  const order: string[] = []
  const open: (() => void)[] = []
  const work = (name: string) =>
    gate.run(async () => {
      order.push(name)
      await new Promise<void>((resolve) => open.push(resolve))
    })
  const all = ['a', 'b', 'c', 'd'].map(work)
  await Promise.resolve()
  expect(order).toEqual(['a', 'b'])
  while (open.length > 0 || order.length < 4) {
    open.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(all)
  expect(order).toEqual(['a', 'b', 'c', 'd'])
})
