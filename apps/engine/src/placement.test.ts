import { expect, test } from 'vitest'
import { ownerOf } from './placement.ts'

const strategies = Array.from({ length: 1_000 }, (_, i) => `s${i}`)

test('every worker gets about its share, whoever counts and in whatever order', () => {
  const shares = new Map<string, number>()
  for (const strategy of strategies) {
    const owner = ownerOf(strategy, ['a', 'b', 'c']) as string
    expect(ownerOf(strategy, ['c', 'a', 'b'])).toBe(owner)
    shares.set(owner, (shares.get(owner) ?? 0) + 1)
  }
  for (const share of shares.values()) expect(share).toBeGreaterThan(250)
})

test('when a worker goes only its own share moves; nobody owns anything where nobody is', () => {
  for (const strategy of strategies) {
    const before = ownerOf(strategy, ['a', 'b', 'c'])
    const after = ownerOf(strategy, ['a', 'b'])
    if (before !== 'c') expect(after).toBe(before)
  }
  expect(ownerOf('s', [])).toBeUndefined()
})
