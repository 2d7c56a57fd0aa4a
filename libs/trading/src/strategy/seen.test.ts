import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Seen } from './seen.ts'

/** Of an even and an odd length, so that both ways in are taken. */
const keyOf = (key: number): string => `run/${key}`

test('the last keys are known, the oldest is forgotten first, also after a restore', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 60 }).map(keyOf), { maxLength: 200 })
  fc.assert(
    fc.property(keys, keys, fc.integer({ min: 1, max: 40 }), (before, after, limit) => {
      let seen = new Seen(limit)
      const model: string[] = []
      const add = (key: string) => {
        const isNew = !model.includes(key)
        if (isNew) model.push(key)
        if (model.length > limit) model.shift()
        expect(key.length % 2 ? seen.add(key) : seen.addPair('run', key.slice(4))).toBe(isNew)
        expect(seen.snapshot()).toEqual(model)
      }
      before.forEach(add)
      const other = new Seen(limit)
      other.restore(seen.snapshot())
      seen = other
      after.forEach(add)
      for (let key = 0; key <= 60; key++) expect(seen.has(keyOf(key))).toBe(model.includes(keyOf(key)))
    }),
  )
})
