import { profitOf } from '@contrail/trading'
import type { ProfitStep, ProfitTerms } from '@contrail/trading'
import { readExpected } from './backtest-sets.ts'
import type { Checks } from './backtest-sets.ts'

/* freqtrade's profit rows through our books: average cost in fixed point. Its figures are printed to 7 or 8 places. */

type CalcRow = [
  exchange: string,
  isShort: boolean,
  leverage: number,
  closeRate: number,
  fee: number,
  profit: number,
  ratio: number,
  mode: string,
  funding: number,
]
type Step = {
  side: 'buy' | 'sell'
  amount: number
  price: number
  expect: Record<'amount' | 'avgOpen' | 'stake' | 'cumProfit' | 'realizedThisExit' | 'relProfit', number | null>
}
type File = {
  calc_profit: {
    fixed: { open_rate: number; amount: number; fee_open: number }
    rows_spot_futures: CalcRow[]
    rows_margin_with_interest: CalcRow[]
  }
  dca_and_partial_exits: { fee: number; steps: Step[]; endProfit: number; endProfitRatio: number }[]
  float_dust: { o1: number; o2: number; exit: number; close_profit_abs: number; close_profit: number }
}
const file = (): File => readExpected('freqtrade_profit.json') as File
/** As freqtrade's own tests compare: within a millionth. */
const RELATIVE = 1e-6
const near = (check: Checks, what: string, found: number | undefined, expected: number | null): void =>
  check.same(what, found, expected ?? undefined, RELATIVE)

export function profitRowsSet(check: Checks): void {
  const { fixed, rows_spot_futures: futures, rows_margin_with_interest: margin } = file().calc_profit
  for (const row of [...futures, ...margin]) {
    const [exchange, isShort, leverage, closeRate, fee, profit, ratio, mode, funding] = row
    const quantity = String(fixed.amount)
    const sides = isShort ? (['sell', 'buy'] as const) : (['buy', 'sell'] as const)
    const steps: ProfitStep[] = [
      { side: sides[0], quantity, price: String(fixed.open_rate), feeRate: String(fixed.fee_open) },
      { side: sides[1], quantity, price: String(closeRate), feeRate: String(fee) },
    ]
    const terms: ProfitTerms = {
      side: isShort ? 'short' : 'long',
      leverage,
      funding: String(funding),
      interest: mode === 'margin' ? interestOf(exchange, isShort, leverage, fixed) : '0',
    }
    const found = profitOf(steps, terms).at(-1)
    const what = `${exchange} ${mode} ${terms.side} x${leverage} to ${closeRate}, fee ${fee}, funding ${funding}`
    near(check, `${what}: profit`, Number(found?.realised), profit)
    near(check, `${what}: ratio`, found?.ratio, ratio)
  }
}

/**
 * What the two venues charge on a loan at 0.05 % a day for the less than an hour of these rows: Binance by the hour, Kraken an
 * opening fee and each begun 4 hours. A long borrows quote above its own stake, a short the base that it sells.
 */
function interestOf(
  exchange: string,
  isShort: boolean,
  leverage: number,
  fixed: { open_rate: number; amount: number },
) {
  const borrowed = isShort ? fixed.amount : fixed.open_rate * fixed.amount * (1 - 1 / leverage)
  return (borrowed * 0.0005 * (exchange === 'kraken' ? 2 : 1 / 24)).toFixed(18)
}

export function dcaSet(check: Checks): void {
  for (const [number, one] of file().dca_and_partial_exits.entries()) {
    const steps = one.steps.map(({ side, amount, price }) => ({
      side,
      quantity: String(amount),
      price: String(price),
      feeRate: String(one.fee),
    }))
    const found = profitOf(steps, { side: 'long' })
    let ratio: number | undefined
    for (const [i, { expect }] of one.steps.entries()) {
      const now = found[i]
      // Once closed, freqtrade keeps showing what the last exit closed: that is the state before it.
      const held = now?.closed ? found[i - 1] : now
      const what = `case ${number} step ${i}`
      near(check, `${what} amount`, Number(held?.quantity), expect.amount)
      near(check, `${what} average`, Number(held?.averagePrice), expect.avgOpen)
      near(check, `${what} stake`, Number(held?.stake), expect.stake)
      near(check, `${what} total`, Number(now?.realised), expect.cumProfit)
      near(check, `${what} exit`, now?.exit === undefined ? undefined : Number(now.exit), expect.realizedThisExit)
      // The ratio, like the exit, is that of the last exit until there is another.
      if (steps[i]?.side === 'sell') ratio = now?.ratio
      near(check, `${what} ratio`, ratio, expect.relProfit)
    }
    near(check, `case ${number} profit`, Number(found.at(-1)?.realised), one.endProfit)
    near(check, `case ${number} ratio`, found.at(-1)?.ratio, one.endProfitRatio)
    check.same(`case ${number} closed`, found.at(-1)?.closed, true)
  }
}

/** Prices and fee of freqtrade#9346, which the file names without them. */
export function dustSet(check: Checks): void {
  const { o1, o2, exit, close_profit_abs: profit, close_profit: ratio } = file().float_dust
  const found = profitOf(
    [
      { side: 'buy', quantity: String(o1), price: '0.000029901', feeRate: '0.001' },
      { side: 'buy', quantity: String(o2), price: '0.000029295', feeRate: '0.001' },
      { side: 'sell', quantity: String(exit), price: '0.000029822', feeRate: '0.001' },
    ],
    { side: 'long', lotSize: '0.00000001' },
  ).at(-1)
  check.same('closed', found?.closed, true)
  near(check, 'profit', Number(found?.realised), profit)
  near(check, 'ratio', found?.ratio, ratio)
}
