import { expect, test } from 'vitest'
import { recentAt } from './desk.ts'
import { noState } from './held.ts'
import type { Recent } from './held.ts'

function order(atUs: number): Recent {
  const what = { venue: 'sim', instrument: 'BTC-USDT', side: 'buy', quantity: '1', price: 'market' } as const
  return { orderId: `r-${atUs}-0`, strategy: 'r', ...what, atUs }
}

test('where the clock goes back, the times of recent orders go with it', () => {
  const state = { ...noState(), recent: [order(1_000), order(5_000), order(9_000)] }
  const times = (nowUs: number) => recentAt(state, nowUs).map(({ atUs }) => atUs)
  expect(times(9_000)).toEqual([1_000, 5_000, 9_000])
  expect(times(4_000)).toEqual([-4_000, 0, 4_000])
  expect(times(6_000)).toEqual([-4_000, 0, 4_000])
  expect(recentAt(noState(), 0)).toEqual([])
})
