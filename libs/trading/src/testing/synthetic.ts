/** Closes of a seeded market that trends and reverts by turns; a plain LCG, so that a test is the same everywhere. */
export function syntheticCloses(seed: number, start: number, count: number): number[] {
  let bits = (seed * 2_654_435_761) >>> 0
  const next = () => (bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  const closes: number[] = []
  let price = start
  for (let i = 0; i < count; i++) {
    const trending = Math.floor(i / 60) % 2 === 0
    const drift = trending ? (Math.floor(i / 120) % 2 === 0 ? 1e-4 : -1e-4) : 0.1 * Math.log(start / price)
    price *= Math.exp(drift + 4e-4 * (next() + next() + next() - 1.5))
    closes.push(Math.round(price * 100) / 100)
  }
  return closes
}
