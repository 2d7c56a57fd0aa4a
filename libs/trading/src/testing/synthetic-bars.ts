type Bars = Record<'open' | 'high' | 'low' | 'close' | 'volume', number[]>

/** A random walk of bars around 100, the same ones each time for the same seed. */
export function syntheticBars(rows: number, seed = 3): Bars {
  let bits = seed
  const next = () => (bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  const made: Bars = { open: [], high: [], low: [], close: [], volume: [] }
  let price = 100
  for (let i = 0; i < rows; i++) {
    const open = price
    price *= Math.exp((next() - 0.5) * 0.02)
    made.open.push(open)
    made.close.push(price)
    made.high.push(Math.max(open, price) * (1 + next() * 0.005))
    made.low.push(Math.min(open, price) * (1 - next() * 0.005))
    made.volume.push(1 + next() * 10)
  }
  return made
}
