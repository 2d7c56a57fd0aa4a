import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Parity } from '@contrail/research'
import { withChain } from './input-chain.ts'
import type { ChainMarket } from './input-chain.ts'

/*
 * `npm run prove:parity`: SMA cross trades a recorded market on paper, through the whole platform; then `contrail parity`
 * makes its decisions again and says where the backtest of the same hours parts from what was booked. Prints JSON; exit
 * code 1 when a check fails. Without the recorded market of ../shared/data a seeded one is written and played.
 */
type Printed = {
  same: boolean
  period: { hours: number }
  decisions: { recorded: number; equal: number; differing: number; missing: number; extra: number }
  parity: Parity
}
const TOLERANCE = 1e-8
const HOURS = 6

export type ParityProof = { market: string; passed: boolean; checks: Record<string, boolean>; printed: Printed }

export async function proveParity(file: string, market: ChainMarket): Promise<ParityProof> {
  return await withChain({ file }, market, async (world) => {
    const { out } = await world.cli('parity', 'prover', '--data', file, '--json')
    const printed = JSON.parse(out) as Printed
    const { decisions, parity, period, same } = printed
    const sum = parity.parts.reduce((total, { pnl }) => total + pnl, 0)
    const checks = {
      'at least an hour of market': period.hours >= 1,
      'more than 10 decisions': decisions.recorded > 10,
      '0 differing decisions': same && decisions.differing + decisions.missing + decisions.extra === 0,
      'both trade': parity.fills.paper > 10 && parity.fills.backtest > 10,
      'every part is a number': parity.parts.length === 5 && parity.parts.every(({ pnl }) => Number.isFinite(pnl)),
      'the parts sum to the whole': Math.abs(parity.backtest - parity.paper - sum) <= TOLERANCE,
    }
    return { market: path.basename(file), passed: Object.values(checks).every(Boolean), checks, printed }
  })
}

/** Trades of a seeded walk with trends, a few seconds apart: enough for SMA cross to trade on. */
function seededMarket(folder: string): string {
  let seed = 20_261_122
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  const rows = ['timestamp,price,quantity,side,id']
  let [atMs, price, drift] = [Date.UTC(2024, 7, 8), 100, 0]
  const endMs = atMs + HOURS * 3_600_000
  for (let id = 1; atMs < endMs; id++) {
    atMs += 500 + Math.floor(random() * 4_000)
    if (id % 150 === 0) drift = (random() - 0.5) * 0.01
    price = Math.max(10, price + drift + (random() - 0.5) * 0.04)
    rows.push(`${atMs},${price.toFixed(2)},${(0.1 + random()).toFixed(3)},${random() < 0.5 ? 'buy' : 'sell'},${id}`)
  }
  const file = path.join(folder, 'seeded-trades.csv')
  writeFileSync(file, `${rows.join('\n')}\n`)
  return file
}

async function main(): Promise<void> {
  const recorded = path.resolve(import.meta.dirname, '../../../../shared/data/ticks/freqtrade_XRP_ETH-trades.json.gz')
  if (existsSync(recorded)) {
    print(await proveParity(recorded, { venue: 'freqtrade', instrument: 'XRP-ETH', quantity: 50 }))
    return
  }
  console.error(`absent: ${path.basename(recorded)} (recorded data lies beside the repository in ../shared/data)`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-parity-'))
  try {
    print(await proveParity(seededMarket(folder), { venue: 'file', instrument: 'BTC-USDT', quantity: 1 }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function print(proof: ParityProof): void {
  console.log(JSON.stringify(proof, null, 2))
  process.exitCode = proof.passed ? 0 : 1
}

await main()
