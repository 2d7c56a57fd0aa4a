import type { MarketDataPort, SeriesInfo } from '@contrail/data'
import type { MarketColumns } from '@contrail/trading'
import { expect, test } from 'vitest'
import { expectedOfList, limitedPort } from './port.ts'

const HOUR_US = 3_600_000_000
const info = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1h', rows: 1000, files: 1 } as const
const listed: SeriesInfo[] = [{ ...info, firstUs: 0, lastUs: 1000 * HOUR_US }]

function port(rows: number): MarketDataPort & { readonly reads: number } {
  let reads = 0
  return {
    get reads() {
      return reads
    },
    list: async () => listed,
    instruments: async () => [],
    read: async () => {
      reads++
      return { rows } as MarketColumns
    },
  }
}
const limited = (of: MarketDataPort, rowsMax: number) => limitedPort(of, rowsMax, expectedOfList(of))
const query = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1h' } as const

test('what is too much is refused before it is read', async () => {
  const whole = port(1000)
  await expect(limited(whole, 999).read(query)).rejects.toMatchObject({ code: 'too_many_rows', field: 'data' })
  expect(whole.reads).toBe(0)
  expect((await limited(whole, 1000).read(query)).rows).toBe(1000)
})

test('a part counts as a part, and several parts are counted together', async () => {
  const limits = limited(port(400), 999)
  await limits.read({ ...query, fromUs: 0, toUs: 400 * HOUR_US })
  await limits.read({ ...query, fromUs: 400 * HOUR_US, toUs: 800 * HOUR_US })
  await expect(limits.read({ ...query, fromUs: 600 * HOUR_US })).rejects.toMatchObject({ code: 'too_many_rows' })
})

test('where the list knows less than what comes, what came is counted', async () => {
  await expect(limited(port(5000), 2000).read(query)).rejects.toMatchObject({ code: 'too_many_rows' })
})
