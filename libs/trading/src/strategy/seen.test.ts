import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Seen } from './seen.ts'

test('the last keys are known, the oldest is forgotten first, also after a restore', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 12 }).map(String), { maxLength: 60 })
  fc.assert(
    fc.property(keys, keys, fc.integer({ min: 1, max: 8 }), (before, after, limit) => {
      let seen = new Seen(limit)
      const model: string[] = []
      const add = (key: string) => {
        const isNew = !model.includes(key)
        if (isNew) model.push(key)
        if (model.length > limit) model.shift()
        expect(seen.add(key)).toBe(isNew)
        expect(seen.snapshot()).toEqual(model)
      }
      before.forEach(add)
      const other = new Seen(limit)
      other.restore(seen.snapshot())
      seen = other
      after.forEach(add)
      for (let key = 0; key <= 12; key++) expect(seen.has(String(key))).toBe(model.includes(String(key)))
    }),
  )
})
