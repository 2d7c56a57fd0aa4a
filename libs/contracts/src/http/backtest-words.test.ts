import { expect, it } from 'vitest'
import { assumptionsOfWords } from './backtest-words.ts'
import type { AssumptionWord } from './backtest-words.ts'

const read = (given: Partial<Record<AssumptionWord, string>>) =>
  assumptionsOfWords({ word: (name) => given[name], fieldOf: (name) => `--${name}`, code: 'usage' })

it('words become assumptions', () => {
  expect(read({ fee: '2/-1', sizing: 'fraction:0.5', leverage: '3', maintenance: '0.05' })).toEqual({
    fees: { kind: 'bps', makerBps: 2, takerBps: -1, perOrder: 0 },
    sizing: { kind: 'fraction', fraction: 0.5 },
    leverage: 3,
    maintenanceMargin: 0.05,
  })
})

it.each<[AssumptionWord, string]>([
  ['leverage', '0'],
  ['leverage', '-1'],
  ['maintenance', '5'],
  ['fee', '1e9'],
  ['fee', '5/10001'],
  ['sizing', 'fraction:2'],
  ['sizing', 'fraction:0'],
])('%s %s could fill no order: it is refused by its name', (name, given) => {
  expect(() => read({ [name]: given })).toThrowError(expect.objectContaining({ code: 'usage', field: `--${name}` }))
})
