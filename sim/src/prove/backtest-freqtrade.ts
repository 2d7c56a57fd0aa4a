import { HOUR_US } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import { defaultAssumptions, defineStrategy, runBacktest } from '@contrail/trading'
import type { Context } from '@contrail/trading'
import { z } from 'zod'
import { barsOf } from './backtest-script.ts'
import { readExpected } from './backtest-sets.ts'
import type { ProofSet } from './backtest-sets.ts'

/* freqtrade's test_backtest_detail: stop, return on investment and trailing stop on hourly bars. */
const EXPECTED = 'expected/freqtrade_backtest_detail.json'
const names = { venue: 'sim', instrument: 'ETH-BTC' }
const instrument = {
  ...names,
  kind: 'spot',
  base: 'ETH',
  quote: 'BTC',
  tickSize: '0.0001',
  lotSize: '1',
  minQuantity: '1',
  minNotional: '0',
  makerFeeBps: 0,
  takerFeeBps: 0,
} as unknown as Instrument

type Case = {
  id: number
  data: number[][]
  stop_loss: number
  roi: Record<string, number>
  profit_perc: number
  trailing_stop?: boolean
  trailing_only_offset_is_reached?: boolean
  trailing_stop_positive_offset?: number
  trailing_stop_positive?: number
  trades: { exit_reason: string; open_tick: number; close_tick: number }[]
}

/** Where freqtrade has another rule within a bar: what it expects is told, and not held against. */
const RULES: Readonly<Record<number, string>> = {
  9: 'case 9: a trailing stop follows the high of a bar and is hit by the low of the same bar; here only its close can hit it',
  11: 'case 11: a stop that the open has passed fills at the stop price when the bar comes back to it; here at the open',
  12: 'case 12: a stop tightened by the high of a bar is hit by the low of the same bar; here from the next bar on',
  16: 'case 16: an exit by time within a bar is booked at its low; here at the next open after the time',
}

export const sets: ProofSet[] = [
  {
    name: 'freqtrade-detail',
    wants: [EXPECTED],
    run: (check) => {
      const { cases } = readExpected('freqtrade_backtest_detail.json') as { cases: Case[] }
      for (const one of cases) {
        const found = outcomeOf(one)
        const expected = {
          trades: one.trades.map(({ exit_reason, open_tick, close_tick }) => [exit_reason, open_tick, close_tick]),
          profit: one.profit_perc,
        }
        const rule = RULES[one.id]
        if (rule && JSON.stringify(found) !== JSON.stringify(expected))
          check.notes.push(`rule differs: ${rule} (${JSON.stringify(found)} for ${JSON.stringify(expected)})`)
        else check.same(`case ${one.id}`, found, expected)
      }
    },
  },
]

function outcomeOf(one: Case) {
  const series = barsOf(
    one.data.map(([, open, high, low, close]) => [open!, high!, low!, close!] as const),
    '1h',
    HOUR_US,
    names,
  )
  const { trades } = runBacktest({
    definition: strategyOf(one),
    parameters: {},
    instruments: [instrument],
    series: [series],
    cash: 100_000,
    assumptions: { ...defaultAssumptions, riskGate: false },
  })
  const profit = trades.reduce((sum, { returnRatio }) => sum + returnRatio, 0)
  return {
    trades: trades.map(({ exitReason, exitTag, entryRow, exitRow }) => [
      reasonOf(exitReason, exitTag),
      entryRow,
      exitRow,
    ]),
    profit: Math.round(profit * 1000) / 1000,
  }
}

function reasonOf(reason: string, tag: string | undefined): string {
  if (tag === 'roi' || reason === 'limit') return 'roi'
  if (tag === 'trailing' || reason === 'trailing_stop') return 'trailing_stop_loss'
  return reason === 'stop' ? 'stop_loss' : 'exit_signal'
}

/** Enters and leaves by the signals of the rows; stop and target are placed when the entry has filled. */
function strategyOf(one: Case) {
  const first = one.roi['0'] ?? 1
  const follows = one.trailing_stop === true && !one.trailing_only_offset_is_reached
  return defineStrategy({
    name: 'freqtrade-detail',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'candles', ...names, timeframe: '1h' }],
    state: () => ({ bar: -1, entryUs: 0, best: 0 }),

    onCandle(ctx, state, candle) {
      state.bar++
      const [, , , , , , enters, leaves] = one.data[state.bar]!
      const held = ctx.position()
      if (held.quantity === 0) {
        if (enters === 1) ctx.buy({ quantity: 1 })
        return
      }
      state.best = Math.max(state.best, candle.high)
      if (leaves === 1) {
        ctx.cancelAll()
        ctx.sell({ quantity: held.quantity, reduceOnly: true })
        return
      }
      later(ctx, one, held.averagePrice, (ctx.nowUs - state.entryUs) / HOUR_US)
      tighten(ctx, one, held.averagePrice, state.best)
    },

    onFill(ctx, state, report) {
      const { quantity, averagePrice } = ctx.position()
      if (quantity === 0) return
      state.entryUs = report.atUs
      state.best = averagePrice
      const stop = follows
        ? ctx.sell({ quantity, trailing: { percent: -one.stop_loss * 100 }, reduceOnly: true })
        : ctx.sell({ quantity, stopPrice: averagePrice * (1 + one.stop_loss), reduceOnly: true, tag: 'stop' })
      ctx.sell({ quantity, price: averagePrice * (1 + first), reduceOnly: true, oco: stop, tag: 'roi' })
    },
  })
}

/** A lower return is enough after some time; -1 = whatever it is. */
function later(ctx: Context<unknown>, one: Case, entry: number, hours: number): void {
  const due = Object.keys(one.roi).filter((minutes) => minutes !== '0' && Number(minutes) <= hours * 60)
  const ratio = one.roi[due.at(-1) ?? '']
  if (ratio === undefined) return
  const target = ctx.openOrders().find(({ tag }) => tag === 'roi')
  if (ratio > -1 && target) {
    ctx.amend(target.orderId, { price: entry * (1 + ratio) })
    return
  }
  ctx.cancelAll()
  ctx.sell({ quantity: ctx.position().quantity, reduceOnly: true, tag: 'roi' })
}

/** Once the offset is reached the stop follows the best price at the smaller distance. */
function tighten(ctx: Context<unknown>, one: Case, entry: number, best: number): void {
  const { trailing_stop_positive_offset: offset, trailing_stop_positive: distance } = one
  if (!one.trailing_only_offset_is_reached || offset === undefined || distance === undefined) return
  if (best < entry * (1 + offset)) return
  const stop = ctx.openOrders().find(({ tag }) => tag === 'stop' || tag === 'trailing')
  if (stop) ctx.amend(stop.orderId, { stopPrice: best * (1 - distance) })
}
